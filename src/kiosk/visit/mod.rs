//! What a visit carries from page to page in hidden fields: what was typed, and sealed, what the server must be able
//! to trust. Nothing of it stands in an address, a cookie or any storage. It must not know a page.
pub mod form;
pub mod seal;
pub mod state;
pub mod typed;
