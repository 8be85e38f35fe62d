//! `kubectl autoscale`. Models kubectl `pkg/cmd/autoscale/autoscale.go`.

use gatehouse_model::quantity::Quantity;
use gatehouse_model::{Object, ResourceType, Value, json};

use crate::cli::groups::{DRY_RUN, PRINT, RECORD, SAVE_CONFIG, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change};
use crate::error::Error;
use crate::mapping;
use crate::output::{Dry, Printer};
use crate::patch::last_applied;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Auto-scale a deployment, replica set, stateful set, or replication controller",
    long: "Creates an autoscaler that automatically chooses and sets the number of pods that run in a Kubernetes cluster. The command will attempt to use the autoscaling/v2 API first, in case of an error, it will fall back to autoscaling/v1 API.\n\n Looks up a deployment, replica set, stateful set, or replication controller by name and creates an autoscaler that uses the given resource as a reference. An autoscaler can automatically increase or decrease number of pods deployed within the system as needed.",
    examples: "# Auto scale a deployment \"foo\", with the number of pods between 2 and 10, no target CPU utilization specified so a default autoscaling policy will be used\nkubectl autoscale deployment foo --min=2 --max=10",
    usage: "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY]",
    flags: &[
        PRINT,
        &files("Filename, directory, or URL to files identifying the resource to autoscale."),
        DRY_RUN,
        SAVE_CONFIG,
        RECORD,
        &[
            Flag::str("cpu", "Target CPU utilization over all the pods. When specified as a percentage (e.g.\"70%\" for 70% of requested CPU) it will target average utilization. When specified as quantity (e.g.\"500m\" for 500 milliCPU) it will target average value. Value without units is treated as a quantity with miliCPU being the unit (e.g.\"500\" is \"500m\").").since(34),
            Flag::int32("cpu-percent", "-1", "The target average CPU utilization (represented as a percent of requested CPU) over all the pods. If it's not specified or negative, a default autoscaling policy will be used.").until(34),
            Flag::int32("cpu-percent", "-1", "The target average CPU utilization (represented as a percent of requested CPU) over all the pods. If it's not specified or negative, a default autoscaling policy will be used.").since(34).deprecated("Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU)."),
            Flag::str("field-manager", "Name of the manager used to track field ownership.").default("kubectl-autoscale"),
            Flag::int32("max", "-1", "The upper limit for the number of pods that can be set by the autoscaler. Required.").required(),
            Flag::str("memory", "Target memory utilization over all the pods. When specified  as a percentage (e.g.\"60%\" for 60% of requested memory) it will target average utilization. When specified as quantity (e.g.\"200Mi\" for 200 MiB, \"1Gi\" for 1 GiB) it will target average value. Value without units is treated as a quantity with mebibytes being the unit (e.g.\"200\" is \"200Mi\").").since(34),
            Flag::int32("min", "-1", "The lower limit for the number of pods that can be set by the autoscaler. If it's not specified or negative, the server will apply a default value."),
            Flag::str("name", "The name for the newly created object. If not specified, the name of the input resource will be used."),
        ],
    ],
    run: Some(run),
    ..Command::named("autoscale")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// A target: per cent of what was requested, or an average amount.
enum Amount {
    Utilization(i64),
    Average(String),
}

fn parse(text: &str, resource: &str) -> Result<Amount, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("empty input".to_owned());
    }
    if let Some(percent) = text.strip_suffix('%') {
        return match percent.parse::<i64>() {
            Ok(n) if n >= 0 => Ok(Amount::Utilization(n)),
            _ => Err(format!("invalid percentage value: {percent}")),
        };
    }
    let unit = if resource == "cpu" { "m" } else { "Mi" };
    let with_unit = if text.parse::<f64>().is_ok() { format!("{text}{unit}") } else { text.to_owned() };
    match Quantity::parse(&with_unit) {
        Ok(quantity) => Ok(Amount::Average(quantity.to_string())),
        Err(_) => Err(format!("invalid resource {resource} value: {text}")),
    }
}

fn metric(resource: &str, amount: &Amount) -> Value {
    let target = match amount {
        Amount::Utilization(percent) => json!({"type": "Utilization", "averageUtilization": (*percent)}),
        Amount::Average(quantity) => json!({"type": "AverageValue", "averageValue": (quantity.as_str())}),
    };
    json!({"type": "Resource", "resource": {"name": resource, "target": target}})
}

fn check(args: &Args) -> Result<(), Error> {
    let (min, max) = (args.int("min"), args.int("max"));
    if max < 1 {
        return Err(Error::plain(format!("--max=MAXPODS is required and must be at least 1, max: {max}")));
    }
    if max < min {
        return Err(Error::plain(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"
        )));
    }
    if args.int("cpu-percent") > 0 && !args.str("cpu").is_empty() {
        return Err(Error::plain("--cpu-percent and --cpu are mutually exclusive"));
    }
    for resource in ["cpu", "memory"] {
        if !args.str(resource).is_empty() {
            parse(args.str(resource), resource).map_err(Error::plain)?;
        }
    }
    Ok(())
}

fn scaler(args: &Args, target: &ResourceType, name: &str, version: &str) -> Result<Object, Error> {
    let mut hpa = Object::new(&format!("autoscaling/{version}"), "HorizontalPodAutoscaler");
    hpa.set(&["metadata", "name"], if args.str("name").is_empty() { name } else { args.str("name") });
    let kind = target.kind.as_ref();
    hpa.set(
        &["spec", "scaleTargetRef"],
        json!({"apiVersion": (target.gv.to_string()), "kind": kind, "name": name}),
    );
    hpa.set(&["spec", "maxReplicas"], args.int("max"));
    if args.int("min") > 0 {
        hpa.set(&["spec", "minReplicas"], args.int("min"));
    }
    let percent = args.int("cpu-percent");
    if version == "v1" {
        if percent >= 0 {
            hpa.set(&["spec", "targetCPUUtilizationPercentage"], percent);
        }
        hpa.set(&["status"], json!({"currentReplicas": 0, "desiredReplicas": 0}));
        return Ok(hpa);
    }
    let mut metrics = Vec::new();
    if percent > 0 {
        metrics.push(metric("cpu", &Amount::Utilization(percent)));
    }
    for resource in ["cpu", "memory"] {
        if !args.str(resource).is_empty() {
            metrics.push(metric(resource, &parse(args.str(resource), resource).map_err(Error::plain)?));
        }
    }
    if !metrics.is_empty() {
        hpa.set(&["spec", "metrics"], metrics);
    }
    hpa.set(&["status"], json!({"currentMetrics": null, "desiredReplicas": 0}));
    Ok(hpa)
}

/// Sends an autoscaler and reports it.
fn make(
    session: &mut Session<'_, '_>,
    args: &Args,
    printer: &mut Printer,
    dry: Dry,
    (target, name): (&ResourceType, &str),
    version: &str,
) -> Result<(), Error> {
    let namespace = session.namespace()?;
    let mut hpa = scaler(args, target, name, version)?;
    if namespace.explicit {
        hpa.set(&["metadata", "namespace"], namespace.name.as_str());
    }
    if session.version().minor < 34 {
        super::create::null_timestamps(&mut hpa.0);
    }
    if dry == Dry::Client {
        return printer.print(session, &hpa, "created");
    }
    if args.bool("save-config") {
        last_applied::update_typed(&mut hpa);
    }
    let resources = session.resources()?;
    let Some(resource) =
        mapping::for_kind(resources, "autoscaling", version, "HorizontalPodAutoscaler").cloned()
    else {
        return Err(Error::status(gatehouse_core::Status::path_not_found()));
    };
    let made =
        Change::by(args.str("field-manager"), dry).create(session, &resource, &namespace.name, &hpa)?;
    printer.print(session, &made, "autoscaled")
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let dry = Dry::parse(session, args)?;
    let namespace = session.namespace()?;
    check(args)?;
    let mut printer = Printer::new(session, args, dry)?.typed();
    let builder = Builder {
        words: args.words.clone(),
        continue_on_error: true,
        flatten: true,
        ..Builder::named_by(&namespace, args)
    };
    let mut count = 0;
    builder.visit(session, |session, info| {
        let target = info.mapping()?.clone();
        if !target.subresources.iter().any(|s| s == "scale") {
            let gvr = format!("{}/{}, Resource={}", target.gv.group, target.gv.version, target.plural);
            return Err(Error::plain(format!("cannot autoscale a {}: could not find scale subresource for {gvr} in discovery information", target.kind)));
        }
        let pair = (&target, info.name.as_str());
        if make(session, args, &mut printer, dry, pair, "v2").is_err() {
            // Old servers know version 1 only; whoever wants more than it can say is told so.
            if session.version().minor >= 34 {
                parse(args.str("cpu"), "cpu").map_err(|e| {
                    Error::plain(format!("failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: {e}"))
                })?;
            }
            make(session, args, &mut printer, dry, pair, "v1")?;
        }
        count += 1;
        Ok(())
    })?;
    if count == 0 {
        return Err(Error::plain("no objects passed to autoscale"));
    }
    Ok(())
}
