//! Owns what all requests of a service share: settings, stage of life, metrics and connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use super::metrics::Metrics;
use super::settings::Settings;

/// The stages in the life of a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// It listens, and prepares itself.
    Starting,
    /// Requests are welcome.
    Ready,
    /// What is in flight finishes.
    Draining,
}

/// What all requests of a service share.
#[derive(Debug)]
pub struct State {
    /// The settings.
    pub settings: Settings,
    pub(super) metrics: Metrics,
    pub(super) connections: AtomicUsize,
    stage: AtomicU8,
}

impl State {
    /// Makes the state of a service that starts.
    #[must_use]
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            settings,
            metrics: Metrics::default(),
            connections: AtomicUsize::new(0),
            stage: AtomicU8::new(Stage::Starting as u8),
        })
    }

    /// Returns the stage of life.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Starting,
            1 => Stage::Ready,
            _ => Stage::Draining,
        }
    }

    /// Enters a stage, unless a later one was entered before.
    pub fn enter(&self, stage: Stage) {
        self.stage.fetch_max(stage as u8, Ordering::Relaxed);
    }

    /// Returns how many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}
