//! stub
pub struct PhonePage {
    pub codes: Vec<(String, String, String)>,
    pub short_code: String,
}
pub fn routes(_p: PhonePage) -> axum::Router {
    axum::Router::new()
}
