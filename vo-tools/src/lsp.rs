//! The language server.
//!
//! One loop on one thread ([`serve`]): it takes a message, answers it, and when the editor has been quiet for a
//! moment, publishes what is wrong. An [`Analysis`] is the checked program around a file, made anew after each
//! change when something asks for it; what the editor has not saved stands before what is on disk. What a
//! package is and where the library's sources are, the [`Workspace`] knows.
//!
//! What must stay true:
//! * Broken source is ordinary. A panic in the checker or in a request is caught and reported; the server goes
//!   on.
//! * Positions cross the protocol in UTF-16 units; inside they are byte offsets ([`text`]).
//! * A rename that would break the program, or change what a name means, is refused.

mod complete;
mod describe;
mod names;
mod rename;
mod state;
mod symbols;
mod text;

pub use state::{Analysis, Buffers, Workspace};

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{self as notices, Notification as _};
use lsp_types::request::{self as requests, Request as _};
use lsp_types::*;
use serde_json::Value;
use state::State;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the editor must be quiet before diagnostics are published.
const QUIET: Duration = Duration::from_millis(200);

/// Why serving ended early.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Serves an editor until it says goodbye.
///
/// # Errors
/// The connection is broken, or the other side does not speak the protocol.
pub fn serve(connection: &Connection, workspace: &dyn Workspace) -> Result<(), Error> {
    connection.initialize(serde_json::to_value(capabilities())?)?;
    let mut server = Server { connection, state: State::new(workspace), publish_at: None };
    loop {
        let wait = server
            .publish_at
            .map_or(Duration::from_secs(3600), |at| at.saturating_duration_since(Instant::now()));
        match connection.receiver.recv_timeout(wait) {
            Ok(Message::Request(request)) => {
                if connection.handle_shutdown(&request)? {
                    return Ok(());
                }
                server.request(request)?;
            }
            Ok(Message::Notification(notification)) => server.notification(notification)?,
            Ok(Message::Response(_)) => {}
            Err(error) if error.is_timeout() => server.publish()?,
            Err(_) => return Ok(()),
        }
    }
}

/// Serves the editor at standard input and output.
///
/// # Errors
/// As [`serve`].
pub fn serve_stdio(workspace: &dyn Workspace) -> Result<(), Error> {
    let (connection, threads) = Connection::stdio();
    serve(&connection, workspace)?;
    // The writing thread ends when nobody can send any more.
    drop(connection);
    Ok(threads.join()?)
}

/// What the server can do.
fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::FULL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(vec![".".to_owned()]),
            ..CompletionOptions::default()
        }),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    }
}

struct Server<'a> {
    connection: &'a Connection,
    state: State<'a>,
    /// When diagnostics are to be published, if something has changed.
    publish_at: Option<Instant>,
}

/// What a request is answered with.
type Answer = Result<Value, String>;

impl<'a> Server<'a> {
    fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        Ok(self.connection.sender.send(message.into())?)
    }

    /// Runs something that may hit a fault of ours, and tells the editor if it does.
    fn guarded<T>(&mut self, what: &str, work: impl FnOnce(&mut State<'a>) -> T) -> Result<Option<T>, Error> {
        match catch_unwind(AssertUnwindSafe(|| work(&mut self.state))) {
            Ok(result) => Ok(Some(result)),
            Err(panic) => {
                // What was being looked at may be half done.
                self.state.forget();
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
                let message =
                    format!("internal error in {what}: {}", text.trim_start_matches("internal error: "));
                let params = LogMessageParams { typ: MessageType::ERROR, message };
                self.send(Notification::new(notices::LogMessage::METHOD.to_owned(), params))?;
                Ok(None)
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------
    // Notifications

    fn notification(&mut self, notification: Notification) -> Result<(), Error> {
        let params = notification.params;
        match notification.method.as_str() {
            notices::DidOpenTextDocument::METHOD => {
                let Ok(p) = serde_json::from_value::<DidOpenTextDocumentParams>(params) else {
                    return Ok(());
                };
                self.state.set_buffer(&p.text_document.uri, Some(p.text_document.text));
                self.publish_at = Some(Instant::now());
            }
            notices::DidChangeTextDocument::METHOD => {
                let Ok(p) = serde_json::from_value::<DidChangeTextDocumentParams>(params) else {
                    return Ok(());
                };
                if let Some(change) = p.content_changes.into_iter().next_back() {
                    self.state.set_buffer(&p.text_document.uri, Some(change.text));
                }
                self.publish_at = Some(Instant::now() + QUIET);
            }
            notices::DidSaveTextDocument::METHOD => {
                self.state.forget();
                self.publish_at = Some(Instant::now());
            }
            notices::DidCloseTextDocument::METHOD => {
                let Ok(p) = serde_json::from_value::<DidCloseTextDocumentParams>(params) else {
                    return Ok(());
                };
                self.state.set_buffer(&p.text_document.uri, None);
                self.publish_one(&p.text_document.uri, Vec::new())?;
                self.publish_at = Some(Instant::now() + QUIET);
            }
            _ => {}
        }
        Ok(())
    }

    /// Publishes what is wrong with the packages of the open files.
    fn publish(&mut self) -> Result<(), Error> {
        self.publish_at = None;
        let Some(found) = self.guarded("diagnostics", State::diagnostics)? else { return Ok(()) };
        for (uri, list) in found {
            self.publish_one(&uri, list)?;
        }
        Ok(())
    }

    fn publish_one(&self, uri: &Uri, diagnostics: Vec<Diagnostic>) -> Result<(), Error> {
        let params = PublishDiagnosticsParams { uri: uri.clone(), diagnostics, version: None };
        self.send(Notification::new(notices::PublishDiagnostics::METHOD.to_owned(), params))
    }

    // -------------------------------------------------------------------------------------------------------
    // Requests

    fn request(&mut self, request: Request) -> Result<(), Error> {
        let Request { id, method, params } = request;
        let answer = self.guarded(&method, |state| answer(state, &method, params))?;
        self.send(response(id, answer))
    }
}

fn response(id: RequestId, answer: Option<Option<Answer>>) -> Response {
    match answer {
        Some(Some(Ok(value))) => Response::new_ok(id, value),
        Some(Some(Err(message))) => Response::new_err(id, ErrorCode::RequestFailed as i32, message),
        Some(None) => Response::new_err(id, ErrorCode::MethodNotFound as i32, "unknown request".to_owned()),
        None => Response::new_err(id, ErrorCode::InternalError as i32, "internal error".to_owned()),
    }
}

/// Answers a request; none for one that is not known.
fn answer(state: &mut State<'_>, method: &str, params: Value) -> Option<Answer> {
    Some(match method {
        requests::HoverRequest::METHOD => with(params, |p: HoverParams| {
            let at = p.text_document_position_params;
            at_file(&at.text_document.uri, |file| state.hover(file, at.position))
        }),
        requests::GotoDefinition::METHOD => with(params, |p: GotoDefinitionParams| {
            let at = p.text_document_position_params;
            at_file(&at.text_document.uri, |file| state.definition(file, at.position))
        }),
        requests::References::METHOD => with(params, |p: ReferenceParams| {
            let at = p.text_document_position;
            let declaration = p.context.include_declaration;
            at_file(&at.text_document.uri, |file| state.references(file, at.position, declaration))
        }),
        requests::PrepareRenameRequest::METHOD => with(params, |p: TextDocumentPositionParams| {
            at_file(&p.text_document.uri, |file| state.prepare_rename(file, p.position))
        }),
        requests::Rename::METHOD => with(params, |p: RenameParams| {
            let at = p.text_document_position;
            at_file(&at.text_document.uri, |file| state.rename(file, at.position, &p.new_name))
        }),
        requests::Completion::METHOD => with(params, |p: CompletionParams| {
            let at = p.text_document_position;
            at_file(&at.text_document.uri, |file| state.completion(file, at.position))
        }),
        requests::Formatting::METHOD => with(params, |p: DocumentFormattingParams| {
            at_file(&p.text_document.uri, |file| state.formatting(file))
        }),
        requests::DocumentSymbolRequest::METHOD => with(params, |p: DocumentSymbolParams| {
            at_file(&p.text_document.uri, |file| state.document_symbols(file))
        }),
        _ => return None,
    })
}

fn with<P: serde::de::DeserializeOwned>(params: Value, work: impl FnOnce(P) -> Answer) -> Answer {
    serde_json::from_value(params).map_err(|e| e.to_string()).and_then(work)
}

fn at_file<T: serde::Serialize>(uri: &Uri, work: impl FnOnce(&Path) -> Result<T, String>) -> Answer {
    let file = text::path_of(uri).ok_or_else(|| format!("not a file: {}", uri.as_str()))?;
    serde_json::to_value(work(&file)?).map_err(|e| e.to_string())
}
