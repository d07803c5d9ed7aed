//! The 40 bytes before every message (MS-PSRP 2.2.1).

use uuid::Uuid;

use crate::psrp::ProtocolError;

/// Bytes of the header.
pub const HEADER_LEN: usize = 40;

/// Whom a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// 1
    Client,
    /// 2
    Server,
}

macro_rules! message_types {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $text:literal;)+) => {
        /// The messages of the protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MessageType { $($(#[$doc])* $name = $id),+ }

        impl MessageType {
            /// The type of this id, if there is one.
            pub fn from_id(id: u32) -> Option<Self> {
                match id { $($id => Some(Self::$name),)+ _ => None }
            }

            /// The name in MS-PSRP.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

message_types! {
    /// Both ways: versions.
    SessionCapability = 0x0001_0002, "SESSION_CAPABILITY";
    /// To the server: opens a pool.
    InitRunspacePool = 0x0001_0004, "INIT_RUNSPACEPOOL";
    /// To the server: our half of the session key exchange.
    PublicKey = 0x0001_0005, "PUBLIC_KEY";
    /// To the client: the session key.
    EncryptedSessionKey = 0x0001_0006, "ENCRYPTED_SESSION_KEY";
    /// To the client: asks for the public key.
    PublicKeyRequest = 0x0001_0007, "PUBLIC_KEY_REQUEST";
    /// Client: attaches to a pool that has lost its client.
    ConnectRunspacePool = 0x0001_0008, "CONNECT_RUNSPACEPOOL";
    /// To the client: an answer about runspaces.
    RunspaceAvailability = 0x0002_1004, "RUNSPACE_AVAILABILITY";
    /// To the client: the pool's state.
    RunspacePoolState = 0x0002_1005, "RUNSPACEPOOL_STATE";
    /// To the server: a new pipeline.
    CreatePipeline = 0x0002_1006, "CREATE_PIPELINE";
    /// To the server: how many runspaces are free?
    GetAvailableRunspaces = 0x0002_1007, "GET_AVAILABLE_RUNSPACES";
    /// To the client: a forwarded event.
    UserEvent = 0x0002_1008, "USER_EVENT";
    /// To the client: the server's version table.
    ApplicationPrivateData = 0x0002_1009, "APPLICATION_PRIVATE_DATA";
    /// To the client: the size of a pool that it attaches to.
    RunspacePoolInitData = 0x0002_100B, "RUNSPACEPOOL_INIT_DATA";
    /// To the client: a host call of the pool.
    RunspacePoolHostCall = 0x0002_1100, "RUNSPACEPOOL_HOST_CALL";
    /// To the server: its answer.
    RunspacePoolHostResponse = 0x0002_1101, "RUNSPACEPOOL_HOST_RESPONSE";
    /// To the server: an input object.
    PipelineInput = 0x0004_1002, "PIPELINE_INPUT";
    /// To the server: no more input.
    EndOfPipelineInput = 0x0004_1003, "END_OF_PIPELINE_INPUT";
    /// To the client: an output object.
    PipelineOutput = 0x0004_1004, "PIPELINE_OUTPUT";
    /// To the client: an error record.
    ErrorRecord = 0x0004_1005, "ERROR_RECORD";
    /// To the client: the pipeline's state.
    PipelineState = 0x0004_1006, "PIPELINE_STATE";
    /// To the client: a debug record.
    DebugRecord = 0x0004_1007, "DEBUG_RECORD";
    /// To the client: a verbose record.
    VerboseRecord = 0x0004_1008, "VERBOSE_RECORD";
    /// To the client: a warning record.
    WarningRecord = 0x0004_1009, "WARNING_RECORD";
    /// To the client: a progress record.
    ProgressRecord = 0x0004_1010, "PROGRESS_RECORD";
    /// To the client: an information record.
    InformationRecord = 0x0004_1011, "INFORMATION_RECORD";
    /// To the client: a host call of the pipeline.
    PipelineHostCall = 0x0004_1100, "PIPELINE_HOST_CALL";
    /// To the server: its answer.
    PipelineHostResponse = 0x0004_1101, "PIPELINE_HOST_RESPONSE";
}

/// The header of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The type; `None` for one that this version does not know, which is to be ignored.
    pub message_type: Option<MessageType>,
    /// The pool. Servers leave it zero in some messages: route by transport, not by this.
    pub pool: Uuid,
    /// The pipeline; zero when the message is for the pool.
    pub pipeline: Uuid,
}

impl Header {
    /// The 40 bytes of a message's header.
    pub fn write(destination: Destination, message_type: MessageType, pool: Uuid, pipeline: Uuid) -> [u8; HEADER_LEN] {
        let destination: u32 = match destination {
            Destination::Client => 1,
            Destination::Server => 2,
        };
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(&destination.to_le_bytes());
        bytes[4..8].copy_from_slice(&(message_type as u32).to_le_bytes());
        bytes[8..24].copy_from_slice(&pool.to_bytes_le());
        bytes[24..].copy_from_slice(&pipeline.to_bytes_le());
        bytes
    }

    /// Splits a message into its header and its data.
    ///
    /// # Errors
    /// [`ProtocolError::ShortMessage`] below 40 bytes.
    pub fn read(message: &[u8]) -> Result<(Self, &[u8]), ProtocolError> {
        let short = || ProtocolError::ShortMessage(message.len());
        let (_, rest) = message.split_first_chunk::<4>().ok_or_else(short)?;
        let (id, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let (pool, rest) = rest.split_first_chunk::<16>().ok_or_else(short)?;
        let (pipeline, data) = rest.split_first_chunk::<16>().ok_or_else(short)?;
        let header = Self {
            message_type: MessageType::from_id(u32::from_le_bytes(*id)),
            pool: Uuid::from_bytes_le(*pool),
            pipeline: Uuid::from_bytes_le(*pipeline),
        };
        Ok((header, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_the_vector() {
        let pool = Uuid::from_u128(0x11223344_5566_7788_99aa_bbccddeeff00);
        let pipeline = Uuid::from_u128(0x0a0b0c0d_0e0f_1011_1213_141516171819);
        let bytes = Header::write(Destination::Server, MessageType::EndOfPipelineInput, pool, pipeline);
        let vector = base64_simd::STANDARD
            .decode_to_vec("AAAAAAAAAAYAAAAAAAAAAAMAAAAoAgAAAAMQBABEMyIRZlWId5mqu8zd7v8ADQwLCg8OERASExQVFhcYGQ==")
            .expect("base64");
        assert_eq!(bytes, vector[21..]);
        let (header, data) = Header::read(&bytes).expect("whole");
        assert_eq!(header, Header { message_type: Some(MessageType::EndOfPipelineInput), pool, pipeline });
        assert!(data.is_empty());
        assert!(matches!(Header::read(&bytes[1..]), Err(ProtocolError::ShortMessage(39))));
    }
}
