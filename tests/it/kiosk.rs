//! The kiosk in a real browser. Screenshots of every page come into `kiosk-screens` in cargo's folder for test output;
//! figures are printed and, where they do not depend on the machine, judged.
mod behaviour;
mod content;
mod devices;
mod figures;
mod journeys;
mod limits;
mod looks;
mod monkey;
mod purposes;
mod sheets;
pub mod sign_ins;
mod tour;
