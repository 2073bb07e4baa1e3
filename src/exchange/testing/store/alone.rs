//! What a store is not asked that one process has: there are no other nodes.
use super::Memory;
use crate::ports::{leases::Leases, nodes::Nodes};

impl Leases for Memory {}

impl Nodes for Memory {}
