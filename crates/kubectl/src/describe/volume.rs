//! Volumes and where they come from.

use gatehouse_model::Value;

use super::pv::claim;
use super::writer::Writer;
use super::{present, quantity};
use crate::print::gofmt;

/// A field of a source: its title, its member, and what stands for a missing one.
type Field = (&'static str, &'static str, &'static str);

/// A kind of source whose fields are just listed.
struct Source {
    member: &'static str,
    text: &'static str,
    fields: &'static [Field],
}

const FALSE: &str = "false";

/// In the order in which kubectl looks for them.
const SOURCES: &[Source] = &[
    Source {
        member: "hostPath",
        text: "HostPath (bare host directory volume)",
        fields: &[("Path", "path", ""), ("HostPathType", "type", "<none>")],
    },
    Source {
        member: "gcePersistentDisk",
        text: "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        fields: &[
            ("PDName", "pdName", ""),
            ("FSType", "fsType", ""),
            ("Partition", "partition", "0"),
            ("ReadOnly", "readOnly", FALSE),
        ],
    },
    Source {
        member: "awsElasticBlockStore",
        text: "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        fields: &[
            ("VolumeID", "volumeID", ""),
            ("FSType", "fsType", ""),
            ("Partition", "partition", "0"),
            ("ReadOnly", "readOnly", FALSE),
        ],
    },
    Source {
        member: "gitRepo",
        text: "GitRepo (a volume that is pulled from git when the pod is created)",
        fields: &[("Repository", "repository", ""), ("Revision", "revision", "")],
    },
    Source {
        member: "secret",
        text: "Secret (a volume populated by a Secret)",
        fields: &[("SecretName", "secretName", ""), ("Optional", "optional", FALSE)],
    },
    Source {
        member: "configMap",
        text: "ConfigMap (a volume populated by a ConfigMap)",
        fields: &[("Name", "name", ""), ("Optional", "optional", FALSE)],
    },
    Source {
        member: "nfs",
        text: "NFS (an NFS mount that lasts the lifetime of a pod)",
        fields: &[("Server", "server", ""), ("Path", "path", ""), ("ReadOnly", "readOnly", FALSE)],
    },
    Source {
        member: "iscsi",
        text: "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        fields: &[
            ("TargetPortal", "targetPortal", ""),
            ("IQN", "iqn", ""),
            ("Lun", "lun", "0"),
            ("ISCSIInterface", "iscsiInterface", ""),
            ("FSType", "fsType", ""),
            ("ReadOnly", "readOnly", FALSE),
            ("Portals", "portals", "[]"),
            ("DiscoveryCHAPAuth", "chapAuthDiscovery", FALSE),
            ("SessionCHAPAuth", "chapAuthSession", FALSE),
            ("SecretRef", "secretRef", "nil"),
            ("InitiatorName", "initiatorName", "<none>"),
        ],
    },
    Source {
        member: "glusterfs",
        text: "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        fields: &[("EndpointsName", "endpoints", ""), ("Path", "path", ""), ("ReadOnly", "readOnly", FALSE)],
    },
    Source {
        member: "persistentVolumeClaim",
        text: "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        fields: &[("ClaimName", "claimName", ""), ("ReadOnly", "readOnly", FALSE)],
    },
    Source {
        member: "rbd",
        text: "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        fields: &[
            ("CephMonitors", "monitors", "[]"),
            ("RBDImage", "image", ""),
            ("FSType", "fsType", ""),
            ("RBDPool", "pool", ""),
            ("RadosUser", "user", ""),
            ("Keyring", "keyring", ""),
            ("SecretRef", "secretRef", "nil"),
            ("ReadOnly", "readOnly", FALSE),
        ],
    },
    Source {
        member: "quobyte",
        text: "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        fields: &[("Registry", "registry", ""), ("Volume", "volume", ""), ("ReadOnly", "readOnly", FALSE)],
    },
    Source {
        member: "azureDisk",
        text: "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        fields: &[
            ("DiskName", "diskName", ""),
            ("DiskURI", "diskURI", ""),
            ("Kind", "kind", ""),
            ("FSType", "fsType", ""),
            ("CachingMode", "cachingMode", ""),
            ("ReadOnly", "readOnly", FALSE),
        ],
    },
    Source {
        member: "vsphereVolume",
        text: "vSphereVolume (a Persistent Disk resource in vSphere)",
        fields: &[
            ("VolumePath", "volumePath", ""),
            ("FSType", "fsType", ""),
            ("StoragePolicyName", "storagePolicyName", ""),
        ],
    },
    Source {
        member: "cinder",
        text: "Cinder (a Persistent Disk resource in OpenStack)",
        fields: &[
            ("VolumeID", "volumeID", ""),
            ("FSType", "fsType", ""),
            ("ReadOnly", "readOnly", FALSE),
            ("SecretRef", "secretRef", "nil"),
        ],
    },
    Source {
        member: "photonPersistentDisk",
        text: "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        fields: &[("PdID", "pdID", ""), ("FSType", "fsType", "")],
    },
    Source {
        member: "portworxVolume",
        text: "PortworxVolume (a Portworx Volume resource)",
        fields: &[("VolumeID", "volumeID", "")],
    },
    Source {
        member: "scaleIO",
        text: "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        fields: &[
            ("Gateway", "gateway", ""),
            ("System", "system", ""),
            ("Protection Domain", "protectionDomain", ""),
            ("Storage Pool", "storagePool", ""),
            ("Storage Mode", "storageMode", ""),
            ("VolumeName", "volumeName", ""),
            ("FSType", "fsType", ""),
            ("ReadOnly", "readOnly", FALSE),
        ],
    },
    Source {
        member: "storageos",
        text: "StorageOS (a StorageOS Persistent Disk resource)",
        fields: &[
            ("VolumeName", "volumeName", ""),
            ("VolumeNamespace", "volumeNamespace", ""),
            ("FSType", "fsType", ""),
            ("ReadOnly", "readOnly", FALSE),
        ],
    },
    Source {
        member: "fc",
        text: "FC (a Fibre Channel disk)",
        fields: &[
            ("TargetWWNs", "targetWWNs", ""),
            ("LUN", "lun", "<none>"),
            ("FSType", "fsType", ""),
            ("ReadOnly", "readOnly", FALSE),
        ],
    },
    Source {
        member: "flocker",
        text: "Flocker (a Flocker volume mounted by the Flocker agent)",
        fields: &[("DatasetName", "datasetName", ""), ("DatasetUUID", "datasetUUID", "")],
    },
    Source {
        member: "azureFile",
        text: "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        fields: &[
            ("SecretName", "secretName", ""),
            ("ShareName", "shareName", ""),
            ("ReadOnly", "readOnly", FALSE),
        ],
    },
    Source {
        member: "cephfs",
        text: "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        fields: &[
            ("Monitors", "monitors", "[]"),
            ("Path", "path", ""),
            ("User", "user", ""),
            ("SecretFile", "secretFile", ""),
            ("SecretRef", "secretRef", "nil"),
            ("ReadOnly", "readOnly", FALSE),
        ],
    },
    Source {
        member: "flexVolume",
        text: "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        fields: &[
            ("Driver", "driver", ""),
            ("FSType", "fsType", ""),
            ("SecretRef", "secretRef", "nil"),
            ("ReadOnly", "readOnly", FALSE),
            ("Options", "options", "map[]"),
        ],
    },
    Source {
        member: "local",
        text: "LocalVolume (a persistent volume backed by local storage on a node)",
        fields: &[("Path", "path", "")],
    },
    Source {
        member: "image",
        text: "Image (a container image or OCI artifact)",
        fields: &[("Reference", "reference", ""), ("PullPolicy", "pullPolicy", "")],
    },
];

/// The volumes of a pod or template.
pub(super) fn volumes(w: &mut Writer, volumes: &[Value], space: &str) {
    if volumes.is_empty() {
        w.line(0, format!("{space}Volumes:\t<none>"));
        return;
    }
    w.line(0, format!("{space}Volumes:"));
    let name_indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        w.line(1, format!("{name_indent}{}:", volume.str_at(&["name"])));
        source(w, volume);
    }
}

/// Where a volume comes from.
pub(super) fn source(w: &mut Writer, volume: &Value) {
    for kind in SOURCES {
        let Some(source) = present(volume, &[kind.member]) else { continue };
        w.field(2, "Type", kind.text);
        for (title, member, missing) in kind.fields {
            let value = match (present(source, &[member]), *member) {
                (None, _) => (*missing).to_owned(),
                (Some(_), "targetWWNs") => super::joined(source, &[member], ", "),
                (Some(reference), "secretRef") => secret(reference),
                (Some(value), _) => gofmt::sprint(value),
            };
            // Two titles are not written like the others.
            let colon = match *title {
                "ISCSIInterface" => "",
                "Kind" => ": ",
                _ => ":",
            };
            w.line(0, format!("    {title}{colon}\t{value}"));
        }
        return;
    }
    if let Some(dir) = present(volume, &["emptyDir"]) {
        w.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
        w.line(0, format!("    Medium:\t{}", dir.str_at(&["medium"])));
        let limit = present(dir, &["sizeLimit"]).map_or("0".to_owned(), |l| quantity(Some(l)));
        w.line(0, format!("    SizeLimit:\t{}", if limit == "0" { "<unset>" } else { &limit }));
    } else if let Some(projected) = present(volume, &["projected"]) {
        w.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
        projected.list_at(&["sources"]).iter().for_each(|s| projection(w, s));
    } else if let Some(downward) = present(volume, &["downwardAPI"]) {
        w.line(2, "Type:\tDownwardAPI (a volume populated by information about the pod)\n    Items:");
        for item in downward.list_at(&["items"]) {
            for path in [["fieldRef", "fieldPath"], ["resourceFieldRef", "resource"]] {
                if !item.str_at(&path).is_empty() {
                    w.line(3, format!("{} -> {}", item.str_at(&path), item.str_at(&["path"])));
                }
            }
        }
    } else if let Some(ephemeral) = present(volume, &["ephemeral"]) {
        w.field(2, "Type", "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)");
        if let Some(template) = present(ephemeral, &["volumeClaimTemplate"]) {
            w.nest(2);
            claim(w, template, None);
            w.unnest(2);
        }
    } else if let Some(csi) = present(volume, &["csi"]) {
        container_storage(w, csi);
    } else {
        w.line(1, "<unknown>");
    }
}

/// A reference to a secret, as Go writes the struct.
fn secret(reference: &Value) -> String {
    let name = reference.str_at(&["name"]);
    match reference.get("namespace").and_then(Value::as_str) {
        Some(namespace) => format!("&SecretReference{{Name:{name},Namespace:{namespace},}}"),
        None => format!("&LocalObjectReference{{Name:{name},}}"),
    }
}

fn projection(w: &mut Writer, source: &Value) {
    let optional = |s: &Value| s.bool_at(&["optional"]) == Some(true);
    // Old clients print Go's pointer: nothing, or an address.
    let pointer = |s: &Value| if s.bool_at(&["optional"]).is_some() { "0xc0009a2f3c" } else { "<nil>" };
    if let Some(secret) = present(source, &["secret"]) {
        w.field(2, "SecretName", secret.str_at(&["name"]));
        if w.old {
            w.line(0, format!("    SecretOptionalName:\t{}", pointer(secret)));
        } else {
            w.line(0, format!("    Optional:\t{}", optional(secret)));
        }
    } else if present(source, &["downwardAPI"]).is_some() {
        w.field(2, "DownwardAPI", "true");
    } else if let Some(map) = present(source, &["configMap"]) {
        w.field(2, "ConfigMapName", map.str_at(&["name"]));
        if w.old {
            w.line(0, format!("    ConfigMapOptional:\t{}", pointer(map)));
        } else {
            w.line(0, format!("    Optional:\t{}", optional(map)));
        }
    } else if let Some(token) = present(source, &["serviceAccountToken"]) {
        w.field(
            2,
            "TokenExpirationSeconds",
            token.i64_at(&["expirationSeconds"]).unwrap_or(3600).to_string(),
        );
    }
}

fn container_storage(w: &mut Writer, csi: &Value) {
    w.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
    w.line(0, format!("    Driver:\t{}", csi.str_at(&["driver"])));
    w.line(0, format!("    FSType:\t{}", csi.str_at(&["fsType"])));
    if csi.get("volumeHandle").is_some() {
        w.line(0, format!("    VolumeHandle:\t{}", csi.str_at(&["volumeHandle"])));
    }
    w.line(0, format!("    ReadOnly:\t{}", csi.bool_at(&["readOnly"]) == Some(true)));
    let attributes = csi.map_at(&["volumeAttributes"]);
    if attributes.is_empty() {
        w.field(2, "VolumeAttributes", "<none>");
    }
    for (i, (key, value)) in attributes.iter().enumerate() {
        let line = super::writer::shorten(&format!("{key}={}", value.as_str().unwrap_or("")), 140);
        // Behind the first each line has the levels of indentation twice, as kubectl writes them.
        if i == 0 {
            w.field(2, "VolumeAttributes", format!("    {line}"))
        } else {
            w.line(2, format!("    \t    {line}"))
        }
    }
}
