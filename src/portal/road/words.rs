//! What is to be done when a call does not get through a security server: sentences for the board, which name the key of the
//! configuration, or whom to ask.
use super::{
    errors::{Means, Mend, RoadError},
    ids::Identifier,
};
use crate::ports::status::Alarm;

fn alarm(en: String, km: String) -> Alarm {
    Alarm { km, en }
}

/// What a security server's refusal asks for; `None` where it passes by itself.
pub(in crate::portal) fn in_words(error: &RoadError, client: &Identifier, service: &Identifier) -> Option<Alarm> {
    let Means::Mend(mend) = error.means else { return None };
    let label = error.label;
    Some(match mend {
        Mend::Names => alarm(
            format!(
                "the security server does not take our calls ({label}): check portal.xroad.client ({client}) and portal.xroad.service ({service})"
            ),
            format!(
                "ម៉ាស៊ីនមេសុវត្ថិភាពមិនទទួលសំណើរបស់យើង ({label})៖ សូមពិនិត្យ portal.xroad.client ({client}) និង portal.xroad.service ({service})។"
            ),
        ),
        Mend::Client => alarm(
            format!("the security server does not know {client} as a client of its own: check portal.xroad.client"),
            format!("ម៉ាស៊ីនមេសុវត្ថិភាពមិនស្គាល់ {client} ថាជាអ្នកប្រើរបស់ខ្លួន៖ សូមពិនិត្យ portal.xroad.client។"),
        ),
        Mend::Certificate => alarm(
            format!(
                "the security server does not take our certificate: the one in portal.xroad.cert_file must be uploaded there for {client}"
            ),
            format!("ម៉ាស៊ីនមេសុវត្ថិភាពមិនទទួលវិញ្ញាបនបត្ររបស់យើង៖ សូមបញ្ចូលវិញ្ញាបនបត្រក្នុង portal.xroad.cert_file ទៅទីនោះ សម្រាប់ {client}។"),
        ),
        Mend::ProviderServer => alarm(
            "the security server finds no way to the one that is asked for: check portal.xroad.provider_server"
                .to_owned(),
            "ម៉ាស៊ីនមេសុវត្ថិភាពរកមិនឃើញម៉ាស៊ីនមេដែលបានកំណត់៖ សូមពិនិត្យ portal.xroad.provider_server។".to_owned(),
        ),
        Mend::Right => alarm(
            format!("the portal's owner must allow {client} to use {service}"),
            format!("ម្ចាស់ផតថលត្រូវអនុញ្ញាតឱ្យ {client} ប្រើ {service}។"),
        ),
        Mend::Service => alarm(
            format!(
                "the portal's owner has no such service, or gave it no address: check portal.xroad.service, and let the owner set up {service} and allow {client} to use it"
            ),
            format!(
                "ម្ចាស់ផតថលគ្មានសេវានេះ ឬមិនទាន់ដាក់អាសយដ្ឋានឱ្យវា៖ សូមពិនិត្យ portal.xroad.service ហើយសុំឱ្យរៀបចំ {service} និងអនុញ្ញាតឱ្យ {client} ប្រើ។"
            ),
        ),
    })
}

/// Something answers that is no security server, or not to us.
pub(in crate::portal) fn not_ours() -> Alarm {
    alarm(
        "what answers at portal.url is no security server: its answers do not carry our X-Road-Id, X-Road-Client and X-Road-Service"
            .to_owned(),
        "អ្វីដែលឆ្លើយតបនៅ portal.url មិនមែនជាម៉ាស៊ីនមេសុវត្ថិភាពទេ៖ ចម្លើយរបស់វាគ្មាន X-Road-Id, X-Road-Client និង X-Road-Service របស់យើង។"
            .to_owned(),
    )
}

/// The files of certificates cannot be used as they are now.
pub(in crate::portal) fn files(fault: &str) -> Alarm {
    alarm(
        format!("portal.xroad.{fault}; what stood there before is used until that is mended"),
        format!("ឯកសារវិញ្ញាបនបត្រប្រើមិនបាន៖ portal.xroad.{fault}។ អ្វីដែលមានពីមុននៅតែប្រើ រហូតដល់បានកែ។"),
    )
}

/// The certificate of a key of the configuration ends so soon.
pub(in crate::portal) fn ending(key: &str, days: i64) -> Alarm {
    alarm(
        format!("the certificate in portal.xroad.{key} ends in {days} days: it must be renewed"),
        format!("វិញ្ញាបនបត្រក្នុង portal.xroad.{key} ផុតសុពលភាពក្នុង {days} ថ្ងៃទៀត៖ សូមធ្វើថ្មី។"),
    )
}
