//! The pages, each with what is pressed on it. One does not know another: where a visit goes on is the business of `goals`.
pub mod appointments;
pub mod check;
pub mod complain;
pub mod display;
pub mod feedback;
pub mod guides;
pub mod home;
pub mod number;
pub mod offices;
pub mod offline;
pub mod pairing;
pub mod pay;
pub mod send;
pub mod services;
pub mod staff;
pub mod start;
pub mod ticket;
