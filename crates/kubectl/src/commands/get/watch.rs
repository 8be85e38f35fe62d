//! `kubectl get -w`: what is there now, and then what would change, until interrupted.

use gatehouse_model::json;

use super::{Get, human, ignoring};
use crate::cli::Args;
use crate::error::Error;
use crate::print::Format;
use crate::print::json::compact_html;
use crate::print::object::is_list;
use crate::print::tabwriter::TabWriter;
use crate::session::{Finish, Session};

pub(super) fn run(session: &mut Session<'_, '_>, args: &Args, get: &mut Get) -> Result<(), Error> {
    get.builder.continue_on_error = false;
    let (infos, result) = get.builder.infos_and_errors(session);
    let failed = result.is_err();
    ignoring(result, get.ignore_not_found)?;
    if failed {
        return Ok(());
    }
    get.printer = get.flags.printer(session.host.files).map_err(Error::plain)?;
    let mut text = String::new();
    for info in infos.iter().filter(|_| !args.bool("watch-only")) {
        let mapping = info.mapping()?.clone();
        if get.printer.is_human() {
            let mut table = human::table_of(session, args, &mapping, info)?;
            if args.bool("output-watch-events") {
                let event =
                    crate::print::table::Column { name: "Event".to_owned(), wide: false, is_name: false };
                table.columns.insert(0, event);
                table.rows.iter_mut().for_each(|row| row.cells.insert(0, "ADDED   ".to_owned()));
            }
            let mut writer = TabWriter::table();
            table.write(&mut writer, &human::options(args, &mapping, false, false));
            text.push_str(&writer.take());
        } else {
            for object in human::objects_of(info.object()?).into_iter().filter(|object| !is_list(object)) {
                let shown = get.printer.shown(&object);
                match get.printer.format {
                    Format::Json if args.bool("output-watch-events") => {
                        text.push_str(&format!(
                            "{{\"type\":\"ADDED\",\"object\":{}}}\n",
                            compact_html(&shown)
                        ));
                    }
                    Format::Yaml if args.bool("output-watch-events") => {
                        let event = json!({"object": shown, "type": "ADDED"});
                        get.printer.print(&event, "", &mut text).map_err(Error::plain)?;
                    }
                    _ => get.printer.print(&object, "", &mut text).map_err(Error::plain)?,
                }
            }
        }
    }
    session.print(text);
    session.finish = Finish::Stream;
    Ok(())
}
