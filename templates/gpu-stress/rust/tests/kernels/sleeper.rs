//! A device that sleeps rather than computes, and has a fault.

use std::thread::sleep;
use std::time::Duration;

use my_project::load::{Done, Load, Maker, Wrong};
use my_project::reference::Reference;
use my_project::{Failure, Task};

/// What is wrong with a device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    Nothing,
    WrongWords,
    WrongAtFirst,
    WrongReference,
    Panic,
    Lost,
}

/// A device that sleeps rather than computes.
#[derive(Clone, Copy)]
pub(crate) struct Sleeper(pub(crate) Fault);

pub(crate) struct Sleep(Fault, u32, u32);

impl Sleep {
    pub(crate) fn new() -> Self {
        Self(Fault::Nothing, 0, 0)
    }
}

/// One wrong word, or none.
fn wrong(is_there: bool) -> Wrong {
    let count = usize::from(is_there);
    Wrong { count: count as u64, addresses: vec![7; count] }
}

impl Maker for Sleeper {
    fn make(&self, _: Task, _: u64, _: u32) -> Result<Box<dyn Load>, Failure> {
        Ok(Box::new(Sleep(self.0, 0, 0)))
    }
}

impl Load for Sleep {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        let wrong = wrong(self.0 == Fault::WrongReference);
        Ok(Some(Reference { samples: 64, largest_error: Some(1.0), tolerance: 0.5, wrong }))
    }

    fn prepare(&mut self, _: u32) -> Result<(), Failure> {
        Ok(())
    }

    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        self.1 = size;
        sleep(Duration::from_millis(1) * size);
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        assert!(self.0 != Fault::Panic, "the driver gives up");
        if self.0 == Fault::Lost {
            return Err(Failure::Lost("it fell off the bus".into()));
        }
        let is_first = self.2 == 0;
        self.2 += 1;
        let wrong = wrong(match self.0 {
            Fault::WrongWords => true,
            Fault::WrongAtFirst => is_first,
            _ => false,
        });
        Ok(Done { operations: 1000 * u64::from(self.1), wrong, ..Done::default() })
    }

    fn flip(&mut self, _: u64) -> Result<u64, Failure> {
        Ok(0)
    }

    fn most(&self) -> u32 {
        1000
    }

    fn allocated(&self) -> u64 {
        1
    }
}
