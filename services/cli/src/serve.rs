//! `linkextractor serve`: the API and the web page in one process.

mod address_line;

use crate::{
    args::{ConfigFiles, Serve},
    exit::{self, Exit, note},
};
use address_line::AddressLine;
use linkextractor_serve::{ServeOptions, ServeSettings};

/// Serves until a signal; prints the address to open.
pub fn run(args: &Serve) -> Result<(), Exit> {
    kit::configure_allocator();
    let settings = load(args)?;
    let line = AddressLine::default();
    let _log = settings.init_log(Box::new(line.log())).map_err(|error| Exit::Usage.because(error))?;
    exit::block_on(async {
        let result = settings.serve(&|text| line.show(text)).await;
        line.clear();
        result.map_err(|error| Exit::Failed.because(error))
    })
}

/// Checks both configurations without serving.
pub fn check_config(files: ConfigFiles) -> Result<(), Exit> {
    for warning in load(&Serve { config: files, ..Serve::default() })?.warnings() {
        note(format_args!("warning: {warning}"));
    }
    Ok(())
}

fn load(args: &Serve) -> Result<ServeSettings, Exit> {
    let options = ServeOptions {
        api_config: args.config.api_config.clone(),
        web_config: args.config.web_config.clone(),
        listen: args.listen,
        api_listen: args.api_listen,
        allow_private: args.allow_private,
        allow_host: args.allow_host.clone(),
    };
    ServeSettings::load(&options).map_err(|error| Exit::Usage.because(error))
}
