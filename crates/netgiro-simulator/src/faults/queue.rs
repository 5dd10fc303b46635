//! The queue of faults.

use crate::faults::fault::Fault;
use crate::faults::forms::DropAt;
use crate::model::endpoint::Endpoint;
use crate::model::error::SimulatorError;
use std::collections::VecDeque;

/// The faults that have not struck yet.
#[derive(Debug, Default)]
pub(crate) struct FaultQueue(VecDeque<Fault>);

impl FaultQueue {
    pub(crate) fn add(&mut self, fault: Fault) -> Result<(), SimulatorError> {
        fault.check()?;
        if fault.refuse.is_none() {
            self.0.push_back(fault);
        }
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// Takes the fault for the next request to an endpoint.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> Option<Fault> {
        self.take_if(endpoint, |_| true)
    }

    /// Takes the fault for a request to an endpoint that is interrupted before it is read.
    pub(crate) fn take_unread(&mut self, endpoint: Endpoint) -> Option<Fault> {
        self.take_if(endpoint, |fault| fault.drop == Some(DropAt::Unread))
    }

    fn take_if(&mut self, endpoint: Endpoint, wanted: fn(&Fault) -> bool) -> Option<Fault> {
        let strikes = |fault: &Fault| fault.endpoint.is_none_or(|target| target == endpoint);
        let place = self.0.iter().position(strikes)?;
        let fault = self.0.get_mut(place).filter(|fault| wanted(fault))?;
        fault.count -= 1;
        if fault.count > 0 {
            return Some(fault.clone());
        }
        self.0.remove(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::forms::DropBy;

    #[test]
    fn each_endpoint_has_its_queue() {
        let mut faults = FaultQueue::default();
        for fault in [
            Fault::on(Endpoint::CheckCart).status(500).times(2),
            Fault::anywhere().status(429),
            Fault::on(Endpoint::CheckCart).status(503),
        ] {
            faults.add(fault).unwrap();
        }
        let mut next = |endpoint| faults.take(endpoint).and_then(|fault| fault.status);
        assert_eq!(next(Endpoint::CheckCart), Some(500));
        assert_eq!(next(Endpoint::InsertCart), Some(429));
        assert_eq!(next(Endpoint::InsertCart), None);
        assert_eq!(next(Endpoint::CheckCart), Some(500));
        assert_eq!(next(Endpoint::CheckCart), Some(503));
        assert_eq!(next(Endpoint::CheckCart), None);
    }

    #[test]
    fn what_is_not_read_is_decided_before_reading() {
        let mut faults = FaultQueue::default();
        let unread = Fault::on(Endpoint::CheckCart).drop(DropAt::Unread, DropBy::Reset);
        faults
            .add(Fault::on(Endpoint::CheckCart).status(500))
            .unwrap();
        faults.add(unread).unwrap();
        assert_eq!(faults.take_unread(Endpoint::CheckCart), None);
        assert!(faults.take(Endpoint::CheckCart).is_some());
        assert_eq!(faults.take_unread(Endpoint::InsertCart), None);
        assert!(faults.take_unread(Endpoint::CheckCart).is_some());
    }
}
