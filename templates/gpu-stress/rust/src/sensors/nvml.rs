//! Owns NVML, the library of NVIDIA's driver, which is loaded when it is first asked for.

use std::ffi::OsStr;
use std::sync::{Arc, LazyLock};

use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml as Library};

use super::card::CardSensors;
use super::{Address, Sensors};

/// NVIDIA's number at the PCI-SIG.
pub const VENDOR: u32 = 0x10de;
/// The name that its driver installs on Linux. Without the number it comes with compilers only.
const NAME: &str = if cfg!(windows) { "nvml.dll" } else { "libnvidia-ml.so.1" };

/// A device of NVML's.
#[derive(Clone, Debug)]
pub struct Card {
    index: u32,
    /// Its name.
    pub name: String,
    /// A name that no other has.
    pub uuid: Option<String>,
    /// Where it sits.
    pub address: Option<Address>,
    /// Bytes of memory: all, and those that are free.
    pub memory: Option<(u64, u64)>,
}

/// The library, initialised.
#[derive(Debug)]
pub struct Nvml(Library);

/// The library, loaded by who first asks for it: where it hangs, nobody waits who needs it not.
pub type LazyNvml = LazyLock<Result<Arc<Nvml>, String>>;

impl Nvml {
    /// The library, to be loaded when it is first asked for.
    #[must_use]
    pub fn lazily() -> LazyNvml {
        LazyLock::new(Self::load)
    }

    /// Loads the library.
    ///
    /// # Errors
    ///
    /// A sentence that says why there is none.
    pub fn load() -> Result<Arc<Self>, String> {
        let library = Library::builder().lib_path(OsStr::new(NAME)).init();
        library.map(|library| Arc::new(Self(library))).map_err(|error| match error {
            NvmlError::LibloadingError(_) => format!("{NAME} cannot be loaded"),
            error => format!("NVML: {error}"),
        })
    }

    /// The device with an index, which stays the same for as long as the library is loaded.
    pub(super) fn device(&self, index: u32) -> Result<Device<'_>, NvmlError> {
        self.0.device_by_index(index)
    }

    /// All devices that answer.
    ///
    /// # Errors
    ///
    /// A sentence that says why it is not known how many there are.
    pub fn cards(&self) -> Result<Vec<Card>, String> {
        let count = self.0.device_count().map_err(|error| format!("NVML: {error}"))?;
        Ok((0..count).filter_map(|index| self.card(index).ok()).collect())
    }

    fn card(&self, index: u32) -> Result<Card, NvmlError> {
        let device = self.device(index)?;
        let place = device.pci_info().ok();
        Ok(Card {
            index,
            name: device.name().unwrap_or_default(),
            uuid: device.uuid().ok(),
            address: place.and_then(|place| place.bus_id.parse().ok()),
            memory: device.memory_info().ok().map(|memory| (memory.total, memory.free)),
        })
    }

    /// The device at a place; where the driver of the GPU gives none, the only one with its name.
    ///
    /// # Errors
    ///
    /// A sentence that says why there is none.
    pub fn find(&self, place: Option<&str>, name: &str) -> Result<Card, String> {
        let (cards, address) = (self.cards()?, place.and_then(|place| place.parse().ok()));
        let at_place = |card: &&Card| address.is_some() && card.address == address;
        let mut same = cards.iter().filter(|card| place.is_none() && card.name == name);
        let only = same.next().filter(|_| same.next().is_none());
        let found = cards.iter().find(at_place).or(only).cloned();
        found.ok_or_else(|| "NVML has no device like this one".into())
    }

    /// The device, if there is but one.
    ///
    /// # Errors
    ///
    /// What [`Self::cards`] answers.
    pub fn only(&self) -> Result<Option<Card>, String> {
        let mut cards = self.cards()?.into_iter();
        Ok(cards.next().filter(|_| cards.next().is_none()))
    }

    /// The device that somebody names, by UUID or place.
    ///
    /// # Errors
    ///
    /// A sentence that says why there is none.
    pub fn named(&self, name: &str) -> Result<Card, String> {
        let address = name.parse().ok();
        let is_meant = |card: &Card| {
            let is_named = card.uuid.as_ref().is_some_and(|uuid| uuid.eq_ignore_ascii_case(name));
            is_named || address.is_some() && card.address == address
        };
        let found = self.cards()?.into_iter().find(is_meant);
        found.ok_or_else(|| "NVML has no such device; `nvidia-smi -L` lists them".into())
    }

    /// The sensors of a device.
    #[must_use]
    pub fn sensors(self: Arc<Self>, card: &Card) -> impl Sensors + use<> {
        CardSensors::new(self, card.index)
    }
}
