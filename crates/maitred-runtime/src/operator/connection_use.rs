//! The connections that an operator uses.

/// A connection that an operator uses, and what it needs of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct ConnectionUse {
    /// The connection's id.
    pub id: String,
    /// True if the task's arguments name it; otherwise it is the default for want of a name.
    pub is_named: bool,
    /// True if it has to have a host, because the task says nowhere else where it calls.
    pub needs_host: bool,
}

impl ConnectionUse {
    /// The connection `id` of a task's arguments, if they name one.
    #[must_use]
    pub fn named(id: Option<&str>) -> Option<Self> {
        let id = id.filter(|id| !id.is_empty())?;
        Some(Self { id: id.to_owned(), is_named: true, needs_host: false })
    }

    /// The connection that is used where the arguments name none.
    #[must_use]
    pub fn default_of(id: &str) -> Self {
        Self { id: id.to_owned(), is_named: false, needs_host: false }
    }

    /// The same that has to have a host, if `needs_host` holds.
    #[must_use]
    pub fn needing_host(self, needs_host: bool) -> Self {
        Self { needs_host, ..self }
    }
}
