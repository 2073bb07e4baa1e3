//! `chrak trace export`: what went over a telco's binds, as a capture that tshark and Wireshark open.
use super::{
    Fault,
    config::{Config, ConfigFault, TelcoSettings},
    devices, read_config, trace_file,
};
use crate::{
    ports::trace::link,
    smpp::{capture::capture, trace::Seen},
    types::names::SmscName,
};
use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Writes to `pcap` what the running server remembers of the telco, or what stands in the files of `--trace-file`.
///
/// # Errors
/// [`Fault::Config`] for a telco that is not in the configuration; [`Fault::Run`] when there is nothing, or a file cannot
/// be read or written.
pub async fn export(config: &Path, smsc: &str, pcap: &Path, from: Option<&Path>) -> Result<(), Fault> {
    let config = read_config(config)?;
    let smsc = &telco(&config, smsc)?.link.name;
    let seen = match from {
        Some(path) => of_files(path, smsc)?,
        None => {
            let text =
                devices::ask(&config, &format!("trace?smsc={}", crate::types::percent::percent(smsc.as_str())), None)
                    .await?;
            let lines = text.lines().map(Seen::parse).collect::<Result<Vec<_>, _>>();
            lines
                .map_err(|_| Fault::Run("the server answered something else; is it of the same version?".to_owned()))?
        }
    };
    if seen.is_empty() {
        return Err(Fault::Run(format!("nothing of {smsc} stands there")));
    }
    write(pcap, &capture(&seen)).map_err(|fault| Fault::Run(format!("{}: {fault}", pcap.display())))?;
    println!("{}: {} PDUs; open it with wireshark or: tshark -r {0} -V", pcap.display(), seen.len());
    Ok(())
}

/// The telco of this name.
pub(super) fn telco<'a>(config: &'a Config, smsc: &str) -> Result<&'a TelcoSettings, ConfigFault> {
    let names: Vec<&str> = config.telcos.iter().map(|telco| telco.link.name.as_str()).collect();
    let found = config.telcos.iter().find(|telco| telco.link.name.as_str() == smsc);
    found.ok_or_else(|| {
        ConfigFault::new(format!("--smsc {smsc}: no [[smsc]] has this name; there are: {}", names.join(", ")))
    })
}

/// For its owner only: even what is covered says who texts when.
fn write(path: &Path, octets: &[u8]) -> std::io::Result<()> {
    let mut file = File::options().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(octets)
}

/// The PDUs of a telco in the files of a trace, older files first.
fn of_files(path: &Path, smsc: &SmscName) -> Result<Vec<Seen>, Fault> {
    let (mut all, prefix) = (Vec::new(), link(smsc, ""));
    for path in trace_file::files(path) {
        let failed = |fault: &dyn std::fmt::Display| Fault::Run(format!("{}: {fault}", path.display()));
        let file = File::open(&path).map_err(|fault| failed(&fault))?;
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(|fault| failed(&fault))?;
            let seen = Seen::parse(&line).map_err(|fault| failed(&format!("line {} {fault}", number + 1)))?;
            if seen.link.starts_with(&prefix) {
                all.push(seen);
            }
        }
    }
    Ok(all)
}
