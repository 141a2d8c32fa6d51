//! Short command APDUs and their responses (ISO/IEC 7816-4 section 5).

use zeroize::Zeroizing;

use crate::channel::Channel;
use crate::error::CardError;

/// One command; its name is for errors.
pub struct Command<'a> {
    pub name: &'static str,
    /// CLA, INS, P1, P2.
    pub header: [u8; 4],
    pub data: &'a [u8],
    /// `00`: all there is.
    pub expected: Option<u8>,
}

/// Data and status.
pub struct Response {
    pub data: Vec<u8>,
    pub status: u16,
}

impl Command<'_> {
    /// Sends it and gives whatever the card says.
    pub fn exchange(&self, channel: &mut dyn Channel) -> Result<Response, CardError> {
        let malformed = CardError::Malformed(self.name);
        // Room for all of it, so that no copy of a PIN stays behind where the buffer grew.
        let mut octets = Zeroizing::new(Vec::with_capacity(6 + self.data.len()));
        octets.extend_from_slice(&self.header);
        if !self.data.is_empty() {
            octets.push(u8::try_from(self.data.len()).map_err(|_| CardError::Malformed(self.name))?);
            octets.extend_from_slice(self.data);
        }
        octets.extend(self.expected);
        let mut data = channel.transmit(&octets)?;
        let Some(end) = data.len().checked_sub(2) else {
            return Err(malformed);
        };
        let status = data.split_off(end);
        let status = <[u8; 2]>::try_from(status).map_err(|_| malformed)?;
        Ok(Response {
            data,
            status: u16::from_be_bytes(status),
        })
    }

    /// Sends it and wants 9000.
    pub fn run(&self, channel: &mut dyn Channel) -> Result<Vec<u8>, CardError> {
        let response = self.exchange(channel)?;
        match response.status {
            0x9000 => Ok(response.data),
            status => Err(CardError::Refused {
                command: self.name,
                status,
            }),
        }
    }
}
