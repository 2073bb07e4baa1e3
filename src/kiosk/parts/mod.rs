//! What pages are made of. No part knows a page.
pub mod choices;
pub mod digits;
pub mod doors;
pub mod facts;
pub mod frame;
pub mod keepsake;
pub mod listing;
pub mod message;
pub mod office;
pub mod pad;
pub mod phone;
pub mod qr;
pub mod status_card;
pub mod tiles;
