//! Structs whose fields are variables of a template.

/// Declares a struct of [`Value`](minijinja::Value)s and makes it an object of templates. Serializing it instead would make
/// a map, and a copy of the name of each field, for each row.
macro_rules! variables {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name {
            $($(#[$field_doc])* pub(super) $field: minijinja::Value),*
        }

        impl minijinja::value::Object for $name {
            fn get_value(self: &std::sync::Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
                self.get_value_by_str(key.as_str()?)
            }

            fn get_value_by_str(self: &std::sync::Arc<Self>, key: &str) -> Option<minijinja::Value> {
                match key {
                    $(stringify!($field) => Some(self.$field.clone()),)*
                    _ => None,
                }
            }
        }

        impl From<$name> for minijinja::Value {
            fn from(variables: $name) -> Self {
                Self::from_object(variables)
            }
        }
    };
}

pub(super) use variables;
