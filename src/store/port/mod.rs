//! The ports on SQLite: each seals what is to be stored, has it carried out, and opens what was read. No SQL stands here.
mod citizens;
mod dead;
mod feedback;
mod inbox;
mod kiosks;
mod leases;
mod messages;
mod nodes;
mod outbox;
mod parts;
mod pushes;
mod ussd;
