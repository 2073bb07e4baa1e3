//! What the portal does not offer keeps its number in the menu: which words ask for what. Knows no words of an answer.
use super::keyword::Command;
use crate::types::civic::Abilities;

/// Whether what a word asks for is offered; `of_complaint`: what follows it is the number of a complaint.
pub(super) fn is_offered(command: Command, of_complaint: bool, abilities: Abilities) -> bool {
    match command {
        Command::Appointment | Command::Book | Command::List | Command::Move | Command::Cancel => {
            abilities.appointments
        }
        Command::Feedback => abilities.feedback,
        Command::Complaint => abilities.complaints,
        Command::Status => abilities.complaints || !of_complaint,
        Command::Info
        | Command::Office
        | Command::Help
        | Command::Stop
        | Command::Start
        | Command::Language(_)
        | Command::LanguageMenu
        | Command::Menu => true,
    }
}
