//! Evidence for docs/TRUST.md: the program that ships is ended at each call that it makes of the system, its calls fail, the
//! power fails under it, its disk fills; and what the telco and the portal have seen is held against what is promised.
mod drain;
mod errors;
mod images;
mod judge;
mod kills;
mod load;
mod platter;
mod points;
mod site;
mod slow;
mod strace;
mod trace;
mod wire;
