//! The round in which leases are kept, given back, shared and taken. What a bind does about it stands in `lease`; who is to have which,
//! in `ports::rules::leases`.
use super::{Binds, Telco, lease::Standing};
use crate::{
    ports::{
        leases::{BindId, LeaseRow, OwnLease, Shares},
        orders::Order,
        rules::leases::moves,
    },
    types::{
        limits::{LEASE_RENEWED, LEASE_USED, LEASES_LOOKED_AT},
        lock,
        names::SmscName,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

impl Binds {
    /// Until `stop`.
    pub(super) async fn keep(self, run: i64, stop: CancellationToken) {
        let (mut renewed, mut seats, mut up) = (None::<Duration>, BTreeSet::new(), BTreeSet::new());
        let mut told = false;
        while !stop.is_cancelled() {
            let (began, wanted) = (self.core.clock.boot(), self.wanted());
            let bound = self.bound();
            let due = renewed.is_none_or(|at| began.saturating_sub(at) >= LEASE_RENEWED);
            let due = due || wanted != seats || bound != up;
            if due {
                match self.renew(run, &wanted).await {
                    Ok(()) => (renewed, seats, up, told) = (Some(began), wanted, bound, false),
                    Err(fault) if !std::mem::replace(&mut told, true) => {
                        tracing::warn!("the leases of this node's binds could not be kept: {fault}");
                    }
                    Err(_) => {}
                }
            }
            self.give_back(run).await;
            if let Ok(shares) = self.core.store.shares().await {
                self.follow(&shares).await;
                if self.share(run, &shares).await {
                    // what is ours without our knowing is of use once it is kept
                    renewed = None;
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.core.changed.notified() => {}
                () = tokio::time::sleep(LEASES_LOOKED_AT) => {}
            }
        }
    }

    /// Telcos of which binds are wanted here.
    fn wanted(&self) -> BTreeSet<SmscName> {
        if self.core.closing.load(Ordering::Acquire) {
            return BTreeSet::new();
        }
        lock(&self.core.telcos).keys().cloned().collect()
    }

    /// Binds of ours that are bound.
    fn bound(&self) -> BTreeSet<BindId> {
        let telcos = lock(&self.core.telcos);
        let leases = telcos.values().flat_map(|telco| &telco.leases);
        leases.filter(|lease| lease.epoch().is_some() && lease.is_up()).map(|lease| lease.bind.clone()).collect()
    }

    async fn renew(&self, run: i64, wanted: &BTreeSet<SmscName>) -> Result<(), crate::ports::StoreFault> {
        // what is asked for may be carried out as soon as it was sent
        let until = self.core.clock.boot() + LEASE_USED;
        let held: Vec<(OwnLease, bool)> = lock(&self.core.telcos)
            .values()
            .flat_map(|telco| &telco.leases)
            .filter_map(|lease| lease.own().map(|own| (own, lease.is_up())))
            .collect();
        let kept: BTreeSet<BindId> = if held.is_empty() {
            BTreeSet::new()
        } else {
            self.core.store.renew_leases(run, held.clone()).await?.into_iter().collect()
        };
        for telco in lock(&self.core.telcos).values() {
            for lease in &telco.leases {
                let asked = held.iter().any(|(own, _)| lease.own().as_ref() == Some(own));
                match (asked, kept.contains(&lease.bind)) {
                    (true, true) => lease.kept(until),
                    (true, false) => {
                        tracing::warn!(smsc = %lease.bind.smsc, bind = lease.bind.number, "another node has this bind now");
                        lease.lost(Standing::Free);
                    }
                    (false, _) => {}
                }
            }
            telco.tell();
        }
        self.core.store.take_seats(run, wanted.iter().cloned().collect()).await
    }

    /// Gives back what was given up and is not used any more.
    async fn give_back(&self, run: i64) {
        let mut ended = Vec::new();
        for telco in lock(&self.core.telcos).values() {
            ended.extend(telco.leases.iter().filter(|lease| lease.is_leaving()).filter_map(|lease| lease.give_back()));
            telco.tell();
        }
        if ended.is_empty() {
            return;
        }
        for own in &ended {
            tracing::info!(smsc = %own.bind.smsc, bind = own.bind.number, "this bind is given up for another node");
        }
        if let Err(fault) = self.core.store.release_leases(run, ended).await {
            tracing::warn!("binds could not be given back: {fault}");
        }
    }

    /// Knows whose each bind is, gives up those that others are to have, and takes what nobody has. Whether something is ours that we did
    /// not know of.
    async fn share(&self, run: i64, shares: &Shares) -> bool {
        let Some(me) = self.core.node.as_deref() else { return false };
        let (mut wanted, mut found) = (Vec::new(), false);
        for (smsc, telco) in &*lock(&self.core.telcos) {
            found |= telco.know(me, run, shares);
            if self.core.closing.load(Ordering::Acquire) {
                continue;
            }
            let held = telco.held(me, run, shares);
            let leaving =
                telco.leases.iter().filter(|lease| lease.is_leaving()).map(|lease| lease.bind.number).collect();
            let seats = shares.seats.iter().filter(|seat| seat.smsc == *smsc).map(|seat| seat.node.clone());
            let moves = moves(me, telco.leases.len() as u32, &held, &leaving, &seats.collect());
            for number in moves.give {
                telco.leases.iter().filter(|lease| lease.bind.number == number).for_each(|lease| lease.give_up());
            }
            wanted.extend(moves.take.into_iter().map(|number| BindId { smsc: smsc.clone(), number }));
        }
        if !wanted.is_empty() {
            self.take(run, wanted).await;
        }
        found
    }

    async fn take(&self, run: i64, wanted: Vec<BindId>) {
        let until = self.core.clock.boot() + LEASE_USED;
        let Ok(taken) = self.core.store.take_leases(run, wanted).await else { return };
        let telcos = lock(&self.core.telcos);
        for own in taken {
            // one that was taken for a telco that has gone meanwhile ends by itself
            let Some(telco) = telcos.get(&own.bind.smsc) else { continue };
            if let Some(lease) = telco.leases.iter().find(|lease| lease.bind == own.bind) {
                tracing::info!(smsc = %own.bind.smsc, bind = own.bind.number, epoch = own.epoch, "this bind is ours");
                lease.taken(own.epoch, until);
            }
            telco.tell();
        }
    }

    /// What operators order of a telco holds on every node: what was ordered here is told, what was ordered elsewhere is followed.
    async fn follow(&self, shares: &Shares) {
        let known: BTreeMap<SmscName, Order> = shares.orders.iter().cloned().collect();
        let telcos: Vec<SmscName> = lock(&self.core.telcos).keys().cloned().collect();
        for (smsc, here) in self.core.board.orders.all() {
            if !telcos.contains(&smsc) {
                continue;
            }
            let there = known.get(&smsc).copied().unwrap_or_default();
            let seen = lock(&self.core.orders).get(&smsc).copied().unwrap_or_default();
            if here != seen {
                if self.core.store.order(smsc.clone(), here).await.is_ok() {
                    lock(&self.core.orders).insert(smsc, here);
                }
            } else if there != seen {
                self.core.board.orders.give(&smsc, |order| *order = there);
                lock(&self.core.orders).insert(smsc, there);
            }
        }
    }
}

impl Telco {
    fn row<'a>(shares: &'a Shares, bind: &BindId) -> Option<&'a LeaseRow> {
        shares.leases.iter().find(|row| row.bind == *bind)
    }

    /// Whose each bind is; whether one is ours that we did not know of.
    fn know(&self, me: &str, run: i64, shares: &Shares) -> bool {
        let mut found = false;
        for lease in &self.leases {
            match (Self::row(shares, &lease.bind), lease.epoch()) {
                (Some(row), None) if row.node == me && row.owner == run => {
                    lease.taken(row.epoch, Duration::ZERO);
                    found = true;
                }
                (Some(row), Some(epoch)) if row.owner == run && row.epoch == epoch => {}
                (Some(row), _) => lease.lost(Standing::Elsewhere { node: row.node.clone(), up: row.up }),
                (None, None) => lease.lost(Standing::Free),
                // nobody has taken it, so that it can be kept still
                (None, Some(_)) => {}
            }
        }
        self.tell();
        found
    }

    /// Who holds which. What an earlier run of this node held is free.
    fn held(&self, me: &str, run: i64, shares: &Shares) -> BTreeMap<u32, String> {
        let mut held = BTreeMap::new();
        for lease in &self.leases {
            let other = Self::row(shares, &lease.bind).filter(|row| row.node != me || row.owner == run);
            let holder = lease.epoch().map(|_| me.to_owned()).or_else(|| other.map(|row| row.node.clone()));
            if let Some(holder) = holder {
                held.insert(lease.bind.number, holder);
            }
        }
        held
    }
}
