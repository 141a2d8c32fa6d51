//! The four kinds of value that both engines store alike, and rows made of them.

use std::sync::Arc;

use sqlx::{Column, Row as _, TypeInfo};

use super::DbError;
use crate::clock::Timestamp;
use crate::id::Id;

/// A statement's parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bytes(Option<Vec<u8>>),
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
}

/// Refuses U+0000 before it reaches an engine: PostgreSQL fails at it, SQLite takes it, and both shall refuse alike.
pub(super) fn refuse_nul(params: &[Value]) -> Result<(), DbError> {
    match params
        .iter()
        .any(|value| matches!(value, Value::Text(Some(text)) if text.contains('\0')))
    {
        true => Err(DbError::NulInText),
        false => Ok(()),
    }
}

macro_rules! value_from {
    ($($type:ty => |$v:ident| $value:expr),* $(,)?) => { $(
        impl From<$type> for Value { fn from($v: $type) -> Self { $value } }
    )* };
}

value_from! {
    Vec<u8> => |v| Value::Bytes(Some(v)),
    &Vec<u8> => |v| Value::Bytes(Some(v.clone())),
    &[u8] => |v| Value::Bytes(Some(v.to_vec())),
    Option<Vec<u8>> => |v| Value::Bytes(v),
    Option<&[u8]> => |v| Value::Bytes(v.map(<[u8]>::to_vec)),
    String => |v| Value::Text(Some(v)),
    &String => |v| Value::Text(Some(v.clone())),
    &str => |v| Value::Text(Some(v.to_owned())),
    Option<String> => |v| Value::Text(v),
    Option<&str> => |v| Value::Text(v.map(str::to_owned)),
    i64 => |v| Value::Int(Some(v)),
    i32 => |v| Value::Int(Some(i64::from(v))),
    u32 => |v| Value::Int(Some(i64::from(v))),
    Option<i64> => |v| Value::Int(v),
    bool => |v| Value::Bool(Some(v)),
    Option<bool> => |v| Value::Bool(v),
    Timestamp => |v| Value::Int(Some(v.0)),
    Option<Timestamp> => |v| Value::Int(v.map(|t| t.0)),
}
impl<const N: usize> From<[u8; N]> for Value {
    fn from(v: [u8; N]) -> Self {
        Value::Bytes(Some(v.to_vec()))
    }
}
impl<const N: usize> From<&[u8; N]> for Value {
    fn from(v: &[u8; N]) -> Self {
        Value::Bytes(Some(v.to_vec()))
    }
}
impl<T> From<Id<T>> for Value {
    fn from(v: Id<T>) -> Self {
        Value::Bytes(Some(v.bytes()))
    }
}
impl<T> From<&Id<T>> for Value {
    fn from(v: &Id<T>) -> Self {
        Value::Bytes(Some(v.bytes()))
    }
}
impl<T> From<Option<Id<T>>> for Value {
    fn from(v: Option<Id<T>>) -> Self {
        Value::Bytes(v.map(|id| id.bytes()))
    }
}

/// A result row, engine-neutral.
#[derive(Clone, Debug)]
pub struct Row(Vec<(Arc<str>, Value)>);

impl Row {
    pub(super) fn new(columns: Vec<(Arc<str>, Value)>) -> Self {
        Self(columns)
    }

    /// The column's value; an absent column, a NULL where none may be, or another type is a located error.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, DbError> {
        let problem = |problem: &str| DbError::Column {
            column: column.to_owned(),
            problem: problem.to_owned(),
        };
        let (_, value) = self
            .0
            .iter()
            .find(|(name, _)| **name == *column)
            .ok_or_else(|| problem("not in the row"))?;
        T::from_value(value.clone()).ok_or_else(|| problem("has an impossible value"))
    }
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! read_as {
    ($($type:ty: $pattern:pat => $value:expr),* $(,)?) => { $(
        impl FromValue for $type {
            fn from_value(value: Value) -> Option<Self> { match value { $pattern => $value, _ => None } }
        }
    )* };
}
read_as! {
    Vec<u8>: Value::Bytes(Some(v)) => Some(v),
    String: Value::Text(Some(v)) => Some(v),
    i64: Value::Int(Some(v)) => Some(v),
    u32: Value::Int(Some(v)) => u32::try_from(v).ok(),
    Timestamp: Value::Int(Some(v)) => Some(Timestamp(v)),
}
/// SQLite's expressions (`n > 3`, `x IS NULL`) give 0 or 1 where PostgreSQL gives a BOOLEAN.
impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bool(v) => v,
            Value::Int(Some(0)) => Some(false),
            Value::Int(Some(1)) => Some(true),
            _ => None,
        }
    }
}
impl<T> FromValue for Id<T> {
    fn from_value(value: Value) -> Option<Self> {
        Vec::<u8>::from_value(value).and_then(|v| Id::from_slice(&v))
    }
}
impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value) -> Option<Self> {
        Vec::<u8>::from_value(value).and_then(|v| v.try_into().ok())
    }
}
impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(None) | Value::Text(None) | Value::Int(None) | Value::Bool(None) => Some(None),
            some => T::from_value(some).map(Some),
        }
    }
}

pub(super) fn postgres_row(row: &sqlx::postgres::PgRow) -> Result<Row, DbError> {
    let mut out = Vec::with_capacity(row.columns().len());
    for (i, column) in row.columns().iter().enumerate() {
        let value = match column.type_info().name() {
            "BYTEA" => Value::Bytes(row.try_get(i)?),
            "TEXT" | "VARCHAR" => Value::Text(row.try_get(i)?),
            "INT8" => Value::Int(row.try_get(i)?),
            "INT4" => Value::Int(row.try_get::<Option<i32>, _>(i)?.map(i64::from)),
            "BOOL" => Value::Bool(row.try_get(i)?),
            other => {
                return Err(DbError::Column {
                    column: column.name().to_owned(),
                    problem: format!("type {other}"),
                });
            }
        };
        out.push((column.name().into(), value));
    }
    Ok(Row(out))
}
