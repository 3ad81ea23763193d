//! Owns places on the PCI bus, which drivers write in several ways.

use std::fmt;
use std::str::FromStr;

/// Where a device sits; shown as `0000:65:00.0`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Address {
    domain: u32,
    bus: u8,
    device: u8,
    function: u8,
}

impl FromStr for Address {
    type Err = ();

    /// Reads `0000:65:00.0`, with a domain of 4 or 8 digits, in capitals or not.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (place, function) = text.split_once('.').ok_or(())?;
        let [domain, bus, device] = place.split(':').collect::<Vec<_>>()[..] else {
            return Err(());
        };
        let has_form = [4, 8].contains(&domain.len()) && (bus.len(), device.len()) == (2, 2);
        if !has_form || function.len() != 1 {
            return Err(());
        }
        let digits = |text: &str| {
            let are_digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
            are_digits.then(|| u32::from_str_radix(text, 16).ok()).flatten().ok_or(())
        };
        let byte = |text| digits(text).and_then(|number| u8::try_from(number).map_err(|_| ()));
        Ok(Self {
            domain: digits(domain)?,
            bus: byte(bus)?,
            device: byte(device)?,
            function: byte(function)?,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domain, bus, device, function } = self;
        write!(f, "{domain:04x}:{bus:02x}:{device:02x}.{function:x}")
    }
}
