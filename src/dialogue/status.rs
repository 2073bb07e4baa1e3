//! Status by code: what is asked of the portal and what each of its answers becomes. Knows no words.
use super::language::Spoken;
use super::{Ctx, Dialogue, DialogueState, Effect, LookupFailure, StatusFacts, Turn, View, disclosure};
use crate::types::civic::{Answer, ApplicationAnswer, ApplicationStatus, Disclosure, PortalFault, Query};
use crate::types::{CodeVerdict, Language, Pin, RegistrationCode};
use jiff::civil::Date;

/// A question that is open at the portal.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Asked {
    /// Canonical.
    code: String,
    pin_given: bool,
    language: Language,
}

/// A code was given: ask about it, or say that it is mistyped without troubling the portal.
pub(super) fn look_up(dialogue: &Dialogue, code: RegistrationCode, pin: Option<Pin>, spoken: Spoken) -> Turn {
    // where it earns nothing it is neither sent nor counted
    let pin = pin.filter(|_| code.asked_at().takes_factors);
    let asked = Asked { code: code.canonical().to_owned(), pin_given: pin.is_some(), language: spoken.language };
    Turn {
        next: dialogue.at(DialogueState::AwaitingStatus(asked)),
        language: spoken.language,
        remember_language: spoken.remember,
        effects: vec![Effect::Ask(Query::Application { code, pin })],
        advanced: true,
    }
}

/// It has the shape of a code and one character is wrong.
pub(super) fn mistyped(dialogue: &Dialogue, code: RegistrationCode, spoken: Spoken) -> Turn {
    Turn {
        next: dialogue.at(DialogueState::EnteringCode),
        language: spoken.language,
        remember_language: spoken.remember,
        effects: vec![Effect::LookupFailed(LookupFailure::Mistyped), Effect::Show(View::Mistyped { code })],
        advanced: true,
    }
}

/// The portal answered, or (`None`) did not in time.
pub(super) fn answered(dialogue: &Dialogue, asked: &Asked, answer: Option<Answer>, ctx: &Ctx<'_>) -> Turn {
    let effects = match ctx.codes.read(&asked.code) {
        CodeVerdict::Good(code) => match answer {
            Some(Answer::Application(result)) => told(code, result, asked.pin_given, ctx),
            Some(_) | None => told(code, Err(PortalFault::Away), asked.pin_given, ctx),
        },
        // the configuration of codes changed while the question was open
        CodeVerdict::Mistyped(_) | CodeVerdict::None => vec![Effect::Show(View::AskAgain)],
    };
    let mut next = dialogue.at(DialogueState::Home);
    if let Some(Effect::Show(View::Status(facts))) = effects.first() {
        let office = facts.office_to_name().clone();
        // an office without a name of the portal's is none that can be asked for
        next.about = (!office.id.is_empty()).then_some(super::About { office });
    }
    if ctx.caps().keys_only {
        next.back = Some(Box::new(DialogueState::EnteringCode));
    }
    Turn { next, language: asked.language, remember_language: None, effects, advanced: true }
}

/// What may be shown of an answer of the portal to whoever could earn so much, on this day.
pub fn facts(code: RegistrationCode, answer: ApplicationAnswer, earnable: Disclosure, today: Date) -> StatusFacts {
    let mut facts = disclosure::shown(code, answer.application, earnable, answer.as_of);
    if facts.status == ApplicationStatus::ReadyForCollection {
        let office = answer.office.filter(|office| office.id == facts.office_to_name().id);
        facts.hours_today = office.map(|office| office.hours_on(today));
    }
    facts
}

fn told(
    code: RegistrationCode,
    result: Result<ApplicationAnswer, PortalFault>,
    pin_given: bool,
    ctx: &Ctx<'_>,
) -> Vec<Effect> {
    let failure = match result {
        Ok(answer) if answer.application.code.canonical() == code.canonical() => {
            let earnable = disclosure::earnable(ctx.number_known, pin_given);
            let facts = facts(code, answer, earnable, ctx.today());
            return vec![Effect::Show(View::Status(Box::new(facts)))];
        }
        // another application than the one asked for must not be shown to this citizen
        Ok(_) => LookupFailure::PortalUnusable,
        Err(PortalFault::NotFound) => LookupFailure::NotFound,
        Err(PortalFault::FactorWrong { .. } | PortalFault::FactorRequired) => LookupFailure::Factor,
        Err(PortalFault::Locked) => LookupFailure::Locked,
        Err(PortalFault::Away | PortalFault::Uncertain) => LookupFailure::PortalAway,
        Err(
            PortalFault::SlotTaken
            | PortalFault::HoldExpired
            | PortalFault::TooLate
            | PortalFault::Declined
            | PortalFault::NotOffered
            | PortalFault::SignInExpired
            | PortalFault::Unusable,
        ) => LookupFailure::PortalUnusable,
        Err(PortalFault::Refused) => LookupFailure::PortalRefused,
    };
    let view =
        if failure.may_be_guess() { View::Unknown { code, pin_given } } else { View::PortalAway { code: Some(code) } };
    vec![Effect::LookupFailed(failure), Effect::Show(view)]
}
