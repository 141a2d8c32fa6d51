//! Command and response APDUs, short form only (ISO/IEC 7816-4 section 5).

/// A status word (ISO/IEC 7816-4 section 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16);

impl Status {
    pub const OK: Self = Self(0x9000);
    /// Fewer octets than `Le` were left.
    pub const END_OF_FILE: Self = Self(0x6282);
    pub const MEMORY_FAILURE: Self = Self(0x6581);
    pub const WRONG_LENGTH: Self = Self(0x6700);
    pub const SECURITY_STATUS: Self = Self(0x6982);
    pub const BLOCKED: Self = Self(0x6983);
    pub const CONDITIONS: Self = Self(0x6985);
    pub const NO_CURRENT_FILE: Self = Self(0x6986);
    pub const WRONG_DATA: Self = Self(0x6a80);
    pub const FILE_NOT_FOUND: Self = Self(0x6a82);
    pub const NOT_ENOUGH_MEMORY: Self = Self(0x6a84);
    pub const WRONG_P1_P2: Self = Self(0x6a86);
    pub const REFERENCE_NOT_FOUND: Self = Self(0x6a88);
    pub const WRONG_OFFSET: Self = Self(0x6b00);
    pub const UNKNOWN_INSTRUCTION: Self = Self(0x6d00);
    pub const UNKNOWN_CLASS: Self = Self(0x6e00);
    pub const FAILURE: Self = Self(0x6f00);

    /// Wrong PIN, so many tries left.
    pub fn tries(left: u8) -> Self {
        Self(0x63c0 | u16::from(left & 0x0f))
    }
}

/// A command as it came.
#[derive(Clone, Copy, Debug)]
pub struct Command<'a> {
    pub class: u8,
    pub instruction: u8,
    pub p1: u8,
    pub p2: u8,
    pub data: &'a [u8],
    /// Octets asked for; 256 for `00`.
    pub expected: Option<usize>,
}

impl<'a> Command<'a> {
    /// Reads the four cases; whatever else, the extended form too, is a wrong length.
    pub fn read(octets: &'a [u8]) -> Result<Self, Status> {
        let [class, instruction, p1, p2, body @ ..] = octets else {
            return Err(Status::WRONG_LENGTH);
        };
        let (data, expected) = match body {
            [] => (&[][..], None),
            [le] => (&[][..], Some(*le)),
            [0, ..] => return Err(Status::WRONG_LENGTH),
            [lc, rest @ ..] => match rest.split_at_checked(usize::from(*lc)) {
                Some((data, [])) => (data, None),
                Some((data, [le])) => (data, Some(*le)),
                _ => return Err(Status::WRONG_LENGTH),
            },
        };
        Ok(Self {
            class: *class,
            instruction: *instruction,
            p1: *p1,
            p2: *p2,
            data,
            expected: expected.map(|le| if le == 0 { 256 } else { usize::from(le) }),
        })
    }
}

/// Data and a status that is no failure.
#[derive(Debug)]
pub struct Answer {
    pub data: Vec<u8>,
    pub status: Status,
}

impl From<Vec<u8>> for Answer {
    fn from(data: Vec<u8>) -> Self {
        Self {
            data,
            status: Status::OK,
        }
    }
}

/// What a command comes to.
pub type Outcome = Result<Answer, Status>;

/// A command that gives no data.
pub fn done() -> Outcome {
    Ok(Answer::from(Vec::new()))
}
