//! Owns what every published client must be able to do. A macro, since to Rust two versions of a crate are two crates.

/// Declares the tests of one version as a module.
macro_rules! against {
    ($module:ident, $client:ident) => {
        mod $module {
            use std::collections::BTreeSet;
            use std::sync::Arc;
            use std::time::Duration;

            use $client::client::VssClient;
            use $client::error::VssError;
            use $client::headers::FixedHeaders;
            use $client::prost::Message as _;
            use $client::types::{
                DeleteObjectRequest, GetObjectRequest, KeyValue, ListKeyVersionsRequest, PutObjectRequest, Storable,
            };
            use $client::util::key_obfuscator::KeyObfuscator;
            use $client::util::retry::{ExponentialBackoffRetryPolicy, MaxAttemptsRetryPolicy, RetryPolicy as _};
            use $client::util::storable_builder::{EntropySource, StorableBuilder};

            type Policy = MaxAttemptsRetryPolicy<ExponentialBackoffRetryPolicy<VssError>>;

            struct Entropy;
            impl EntropySource for Entropy {
                fn fill_bytes(&self, buffer: &mut [u8]) {
                    rand::RngCore::fill_bytes(&mut rand::thread_rng(), buffer);
                }
            }

            /// A new user with a new store.
            struct Store {
                client: VssClient<Policy>,
                id: String,
            }

            impl Store {
                async fn new() -> Self {
                    Self::with(crate::proof::headers().await)
                }

                fn with(headers: std::collections::HashMap<String, String>) -> Self {
                    // One attempt: a repeated request would hide a refusal.
                    let policy = ExponentialBackoffRetryPolicy::new(Duration::from_millis(1)).with_max_attempts(1);
                    let headers = Arc::new(FixedHeaders::new(headers));
                    let client = VssClient::new_with_headers(crate::proof::base_url(), policy, headers);
                    let id = format!("store-{:016x}", rand::random::<u64>());
                    Self { client, id }
                }

                async fn put(&self, puts: Vec<KeyValue>, deletes: Vec<KeyValue>) -> Result<(), VssError> {
                    self.put_at(None, puts, deletes).await
                }

                async fn put_at(
                    &self,
                    global_version: Option<i64>,
                    transaction_items: Vec<KeyValue>,
                    delete_items: Vec<KeyValue>,
                ) -> Result<(), VssError> {
                    let store_id = self.id.clone();
                    let request = PutObjectRequest {
                        store_id,
                        global_version,
                        transaction_items,
                        delete_items,
                    };
                    self.client.put_object(&request).await.map(|_| ())
                }

                async fn get(&self, key: &str) -> Result<KeyValue, VssError> {
                    let request = GetObjectRequest {
                        store_id: self.id.clone(),
                        key: key.to_string(),
                    };
                    let answer = self.client.get_object(&request).await?;
                    Ok(answer
                        .value
                        .expect("the client refuses an answer without a value"))
                }

                async fn delete(&self, key: &str, version: i64) -> Result<(), VssError> {
                    let key_value = Some(item(key, version, ""));
                    let request = DeleteObjectRequest {
                        store_id: self.id.clone(),
                        key_value,
                    };
                    self.client.delete_object(&request).await.map(|_| ())
                }

                /// Keys of every page with their versions, and how many pages there were.
                async fn list(&self, prefix: Option<&str>, page_size: i32) -> (Vec<(String, i64)>, usize) {
                    let mut keys = Vec::new();
                    let mut page_token = None;
                    for pages in 1.. {
                        let request = ListKeyVersionsRequest {
                            store_id: self.id.clone(),
                            key_prefix: prefix.map(str::to_string),
                            page_size: Some(page_size),
                            page_token,
                        };
                        let page = self.client.list_key_versions(&request).await.expect("a page");
                        assert!(page.key_versions.len() <= page_size as usize);
                        assert_eq!(
                            page.global_version.is_some(),
                            pages == 1,
                            "only the first page has it"
                        );
                        keys.extend(
                            page.key_versions
                                .into_iter()
                                .map(|found| (found.key, found.version)),
                        );
                        page_token = page.next_page_token.filter(|token| !token.is_empty());
                        if page_token.is_none() {
                            return (keys, pages);
                        }
                    }
                    unreachable!("pages end")
                }
            }

            fn item(key: &str, version: i64, value: &str) -> KeyValue {
                KeyValue {
                    key: key.to_string(),
                    version,
                    value: value.as_bytes().to_vec(),
                }
            }

            #[tokio::test]
            async fn puts_gets_and_deletes() {
                let store = Store::new().await;
                store
                    .put(vec![item("k", 0, "one")], vec![])
                    .await
                    .expect("created");
                store
                    .put(vec![item("k", 1, "two")], vec![])
                    .await
                    .expect("updated");
                let found = store.get("k").await.expect("there");
                assert_eq!((found.version, found.value), (2, b"two".to_vec()));
                store
                    .delete("k", 1)
                    .await
                    .expect("a wrong version deletes nothing, silently");
                assert_eq!(store.get("k").await.expect("still there").version, 2);
                store.delete("k", 2).await.expect("deleted");
                assert!(matches!(store.get("k").await, Err(VssError::NoSuchKeyError(_))));
            }

            #[tokio::test]
            async fn hears_of_conflicts_and_changes_nothing_by_them() {
                let store = Store::new().await;
                store
                    .put(vec![item("a", 0, "1"), item("b", 0, "1")], vec![])
                    .await
                    .expect("created");
                for puts in [
                    vec![item("a", 0, "2")],
                    vec![item("a", 2, "2")],
                    vec![item("a", 1, "2"), item("b", 7, "2")],
                ] {
                    assert!(matches!(
                        store.put(puts, vec![]).await,
                        Err(VssError::ConflictError(_))
                    ));
                }
                let refused = store.put(vec![item("a", 1, "2")], vec![item("b", 5, "")]).await;
                assert!(matches!(refused, Err(VssError::ConflictError(_))));
                assert_eq!(store.get("a").await.expect("there").value, b"1");
                store
                    .put(vec![item("a", 1, "2")], vec![item("b", 1, "")])
                    .await
                    .expect("put and delete together");
                assert_eq!(store.list(None, 10).await.0, vec![("a".to_string(), 2)]);
            }

            #[tokio::test]
            async fn is_fenced_by_the_global_version() {
                let store = Store::new().await;
                store
                    .put_at(Some(0), vec![item("a", 0, "1")], vec![])
                    .await
                    .expect("the first");
                let late = store.put_at(Some(0), vec![item("b", 0, "1")], vec![]).await;
                assert!(matches!(late, Err(VssError::ConflictError(_))));
                store
                    .put_at(Some(1), vec![item("b", 0, "1")], vec![])
                    .await
                    .expect("the second");
            }

            #[tokio::test]
            async fn lists_every_key_once_over_many_pages_newest_first() {
                let store = Store::new().await;
                for start in [0, 100] {
                    let puts = (start..start + 100)
                        .map(|i| item(&format!("p{:03}", i), 0, "v"))
                        .collect();
                    store.put(puts, vec![]).await.expect("created");
                }
                store
                    .put(vec![item("other", 0, "v")], vec![])
                    .await
                    .expect("created");
                let (keys, pages) = store.list(None, 30).await;
                assert_eq!((keys.len(), pages), (201, 7));
                assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 201);
                assert_eq!(keys[0].0, "other");
                let (keys, pages) = store.list(Some("p1"), 40).await;
                assert_eq!((keys.len(), pages), (100, 3));
                assert!(keys
                    .iter()
                    .all(|(key, version)| key.starts_with("p1") && *version == 1));
            }

            #[tokio::test]
            async fn gets_what_it_asked_for_when_it_asks_for_much_at_once() {
                let store = Store::new().await;
                let puts = (0..64)
                    .map(|i| item(&format!("k{i}"), 0, &format!("value {i}")))
                    .collect();
                store.put(puts, vec![]).await.expect("created");
                let store = Arc::new(store);
                let gets: Vec<_> = (0..64)
                    .map(|i| {
                        let store = Arc::clone(&store);
                        tokio::spawn(async move { (i, store.get(&format!("k{i}")).await.expect("there").value) })
                    })
                    .collect();
                for get in gets {
                    let (i, value) = get.await.expect("no panic");
                    assert_eq!(value, format!("value {i}").into_bytes());
                }
            }

            #[tokio::test]
            async fn gets_sealed_values_back_under_obfuscated_keys() {
                let store = Store::new().await;
                let (seal_key, obfuscator) = ([7; 32], KeyObfuscator::new([9; 32]));
                let builder = StorableBuilder::new(Entropy);
                let key = obfuscator.obfuscate("monitors#channel");
                let sealed = builder
                    .build(b"secret".to_vec(), 0, &seal_key, key.as_bytes())
                    .encode_to_vec();
                let put = KeyValue {
                    key: key.clone(),
                    version: 0,
                    value: sealed,
                };
                store.put(vec![put], vec![]).await.expect("created");
                let (listed, _) = store.list(None, 10).await;
                assert_eq!(
                    obfuscator.deobfuscate(&listed[0].0).expect("our key"),
                    "monitors#channel"
                );
                let found = store.get(&key).await.expect("there");
                let storable = Storable::decode(&found.value[..]).expect("a storable");
                let opened = builder
                    .deconstruct(storable, &seal_key, key.as_bytes())
                    .expect("our seal");
                assert_eq!(opened, (b"secret".to_vec(), 0));
            }

            #[tokio::test]
            async fn is_told_when_its_proof_is_none_and_sees_nothing_of_others() {
                let nobody = Store::with([("Authorization".to_string(), "nobody".to_string())].into());
                assert!(matches!(nobody.get("k").await, Err(VssError::AuthError(_))));
                let one = Store::new().await;
                one.put(vec![item("k", 0, "one")], vec![]).await.expect("created");
                let mut other = Store::new().await;
                other.id = one.id.clone();
                assert!(matches!(other.get("k").await, Err(VssError::NoSuchKeyError(_))));
            }
        }
    };
}

pub(crate) use against;
