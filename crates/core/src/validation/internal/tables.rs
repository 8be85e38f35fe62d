//! The fields of internal types, in Go's order: `Go[=json]:kind`. The JSON name is the Go name with small initials
//! unless it stands there; `-` embeds.

/// How a field prints.
pub(super) enum Kind<'a> {
    /// `*T`, null where unset.
    Pointer(Box<Kind<'a>>),
    /// `[]T`, null where unset.
    List(Box<Kind<'a>>),
    /// `map[string]T`, null where unset.
    Map(Box<Kind<'a>>),
    /// A string.
    Text,
    /// A number, or a number or string.
    Number,
    /// A boolean.
    Flag,
    /// An amount.
    Quantity,
    /// A type with JSON tags of its own.
    Tagged,
    /// A struct of the table.
    Struct(&'a str),
}

impl<'a> Kind<'a> {
    /// Reads `[]*T`, `s`, `i`, `b`, `q`, `t` and names of structs.
    pub(super) fn parse(text: &'a str) -> Self {
        if let Some(inner) = text.strip_prefix('*') {
            return Self::Pointer(Box::new(Self::parse(inner)));
        }
        if let Some(inner) = text.strip_prefix("[]") {
            return Self::List(Box::new(Self::parse(inner)));
        }
        if let Some(inner) = text.strip_prefix("map:") {
            return Self::Map(Box::new(Self::parse(inner)));
        }
        match text {
            "s" => Self::Text,
            "i" => Self::Number,
            "b" => Self::Flag,
            "q" => Self::Quantity,
            "t" => Self::Tagged,
            name => Self::Struct(name),
        }
    }
}

/// Name and fields.
#[rustfmt::skip]
pub(super) static STRUCTS: &[(&str, &str)] = &[
    ("PodTemplateSpec", "ObjectMeta=-:ObjectMeta Spec:PodSpec"),
    ("PodSpec", "Volumes:[]Volume InitContainers:[]Container Containers:[]Container \
        EphemeralContainers:[]EphemeralContainer RestartPolicy:s TerminationGracePeriodSeconds:*i \
        ActiveDeadlineSeconds:*i DNSPolicy:s NodeSelector:map:s ServiceAccountName:s \
        AutomountServiceAccountToken:*b NodeName:s SecurityContext:*PodSecurityContext \
        ImagePullSecrets:[]LocalObjectReference Hostname:s Subdomain:s SetHostnameAsFQDN=setHostnameAsFQDN:*b \
        Affinity:*Affinity SchedulerName:s Tolerations:[]Toleration HostAliases:[]HostAlias PriorityClassName:s \
        Priority:*i PreemptionPolicy:*s DNSConfig:*PodDNSConfig ReadinessGates:[]ReadinessGate RuntimeClassName:*s \
        Overhead:map:q EnableServiceLinks:*b TopologySpreadConstraints:[]TopologySpreadConstraint OS:*OS \
        SchedulingGates:[]SchedulingGate ResourceClaims:[]PodResourceClaim Resources:*ResourceRequirements \
        HostnameOverride:*s SchedulingGroup:*t"),
    ("PodSecurityContext", "HostNetwork:b HostPID=hostPID:b HostIPC=hostIPC:b ShareProcessNamespace:*b HostUsers:*b \
        SELinuxOptions=seLinuxOptions:*SELinuxOptions WindowsOptions:*WindowsOptions RunAsUser:*i RunAsGroup:*i \
        RunAsNonRoot:*b SupplementalGroups:[]i SupplementalGroupsPolicy:*s FSGroup:*i FSGroupChangePolicy:*s \
        Sysctls:[]Sysctl SeccompProfile:*SeccompProfile AppArmorProfile:*AppArmorProfile \
        SELinuxChangePolicy=seLinuxChangePolicy:*s"),
    ("SecurityContext", "Capabilities:*Capabilities Privileged:*b SELinuxOptions=seLinuxOptions:*SELinuxOptions \
        WindowsOptions:*WindowsOptions RunAsUser:*i RunAsGroup:*i RunAsNonRoot:*b ReadOnlyRootFilesystem:*b \
        AllowPrivilegeEscalation:*b ProcMount:*s SeccompProfile:*SeccompProfile AppArmorProfile:*AppArmorProfile"),
    ("Capabilities", "Add:[]s Drop:[]s"),
    ("SELinuxOptions", "User:s Role:s Type:s Level:s"),
    ("WindowsOptions", "GMSACredentialSpecName:*s GMSACredentialSpec:*s RunAsUserName:*s HostProcess:*b"),
    ("SeccompProfile", "Type:s LocalhostProfile:*s"),
    ("AppArmorProfile", "Type:s LocalhostProfile:*s"),
    ("Sysctl", "Name:s Value:s"),
    ("Container", "Name:s Image:s Command:[]s Args:[]s WorkingDir:s Ports:[]ContainerPort EnvFrom:[]EnvFromSource \
        Env:[]EnvVar Resources:ResourceRequirements ResizePolicy:[]ResizePolicy RestartPolicy:*s \
        RestartPolicyRules:[]t VolumeMounts:[]VolumeMount VolumeDevices:[]VolumeDevice LivenessProbe:*Probe \
        ReadinessProbe:*Probe StartupProbe:*Probe Lifecycle:*Lifecycle TerminationMessagePath:s \
        TerminationMessagePolicy:s ImagePullPolicy:s SecurityContext:*SecurityContext Stdin:b StdinOnce:b TTY:b"),
    ("EphemeralContainer", "EphemeralContainerCommon=-:Container TargetContainerName:s"),
    ("ContainerPort", "Name:s HostPort:i ContainerPort:i Protocol:s HostIP=hostIP:s"),
    ("EnvFromSource", "Prefix:s ConfigMapRef:*EnvSource SecretRef:*EnvSource"),
    ("EnvSource", "Name:s Optional:*b"),
    ("EnvVar", "Name:s Value:s ValueFrom:*EnvVarSource"),
    ("EnvVarSource", "FieldRef:*FieldRef ResourceFieldRef:*ResourceFieldRef ConfigMapKeyRef:*KeyRef \
        SecretKeyRef:*KeyRef FileKeyRef:*t"),
    ("FieldRef", "APIVersion=apiVersion:s FieldPath:s"),
    ("ResourceFieldRef", "ContainerName:s Resource:s Divisor:q"),
    ("KeyRef", "Name:s Key:s Optional:*b"),
    ("ResourceRequirements", "Limits:map:q Requests:map:q Claims:[]ResourceClaim"),
    ("ResourceClaim", "Name:s Request:s"),
    ("ResizePolicy", "ResourceName:s RestartPolicy:s"),
    ("VolumeMount", "Name:s ReadOnly:b RecursiveReadOnly:*s MountPath:s SubPath:s MountPropagation:*s SubPathExpr:s"),
    ("VolumeDevice", "Name:s DevicePath:s"),
    ("Probe", "Exec:*ExecAction HTTPGet=httpGet:*HTTPGet TCPSocket=tcpSocket:*TCPSocket GRPC:*GRPC \
        InitialDelaySeconds:i TimeoutSeconds:i PeriodSeconds:i SuccessThreshold:i FailureThreshold:i \
        TerminationGracePeriodSeconds:*i"),
    ("ExecAction", "Command:[]s"),
    ("HTTPGet", "Path:s Port:i Host:s Scheme:s HTTPHeaders=httpHeaders:[]HTTPHeader"),
    ("HTTPHeader", "Name:s Value:s"),
    ("TCPSocket", "Port:i Host:s"),
    ("GRPC", "Port:i Service:*s"),
    ("Sleep", "Seconds:i"),
    ("Lifecycle", "PostStart:*LifecycleHandler PreStop:*LifecycleHandler StopSignal:*s"),
    ("LifecycleHandler", "Exec:*ExecAction HTTPGet=httpGet:*HTTPGet TCPSocket=tcpSocket:*TCPSocket Sleep:*Sleep"),
    ("LocalObjectReference", "Name:s"),
    ("HostAlias", "IP:s Hostnames:[]s"),
    ("Toleration", "Key:s Operator:s Value:s Effect:s TolerationSeconds:*i"),
    ("PodDNSConfig", "Nameservers:[]s Searches:[]s Options:[]DNSOption"),
    ("DNSOption", "Name:s Value:*s"),
    ("ReadinessGate", "ConditionType:s"),
    ("SchedulingGate", "Name:s"),
    ("OS", "Name:s"),
    ("PodResourceClaim", "Name:s ResourceClaimName:*s ResourceClaimTemplateName:*s"),
    ("TopologySpreadConstraint", "MaxSkew:i TopologyKey:s WhenUnsatisfiable:s LabelSelector:*t MinDomains:*i \
        NodeAffinityPolicy:*s NodeTaintsPolicy:*s MatchLabelKeys:[]s"),
    ("Affinity", "NodeAffinity:*NodeAffinity PodAffinity:*PodAffinity PodAntiAffinity:*PodAffinity"),
    ("NodeAffinity", "RequiredDuringSchedulingIgnoredDuringExecution:*NodeSelector \
        PreferredDuringSchedulingIgnoredDuringExecution:[]PreferredTerm"),
    ("NodeSelector", "NodeSelectorTerms:[]NodeSelectorTerm"),
    ("NodeSelectorTerm", "MatchExpressions:[]NodeRequirement MatchFields:[]NodeRequirement"),
    ("NodeRequirement", "Key:s Operator:s Values:[]s"),
    ("PreferredTerm", "Weight:i Preference:NodeSelectorTerm"),
    ("PodAffinity", "RequiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm \
        PreferredDuringSchedulingIgnoredDuringExecution:[]WeightedTerm"),
    ("PodAffinityTerm", "LabelSelector:*t Namespaces:[]s TopologyKey:s NamespaceSelector:*t MatchLabelKeys:[]s \
        MismatchLabelKeys:[]s"),
    ("WeightedTerm", "Weight:i PodAffinityTerm:PodAffinityTerm"),
    ("Volume", "Name:s VolumeSource=-:VolumeSource"),
    ("VolumeSource", "HostPath:*HostPath EmptyDir:*EmptyDir GCEPersistentDisk:*GCEDisk \
        AWSElasticBlockStore:*AWSDisk GitRepo:*GitRepo Secret:*SecretVolume NFS:*NFS ISCSI:*ISCSI Glusterfs:*Glusterfs \
        PersistentVolumeClaim:*ClaimVolume RBD:*t Quobyte:*t FlexVolume:*t Cinder:*t CephFS=cephfs:*t Flocker:*t \
        DownwardAPI=downwardAPI:*DownwardVolume FC:*t AzureFile:*t ConfigMap:*ConfigMapVolume VsphereVolume:*t \
        AzureDisk:*t PhotonPersistentDisk:*t Projected:*ProjectedVolume PortworxVolume:*t ScaleIO=scaleIO:*t \
        StorageOS=storageos:*t CSI:*CSIVolume Ephemeral:*t Image:*ImageVolume"),
    ("HostPath", "Path:s Type:*s"),
    ("EmptyDir", "Medium:s SizeLimit:*q"),
    ("GCEDisk", "PDName=pdName:s FSType=fsType:s Partition:i ReadOnly:b"),
    ("AWSDisk", "VolumeID=volumeID:s FSType=fsType:s Partition:i ReadOnly:b"),
    ("GitRepo", "Repository:s Revision:s Directory:s"),
    ("SecretVolume", "SecretName:s Items:[]KeyToPath DefaultMode:*i Optional:*b"),
    ("KeyToPath", "Key:s Path:s Mode:*i"),
    ("NFS", "Server:s Path:s ReadOnly:b"),
    ("ISCSI", "TargetPortal:s IQN:s Lun:i ISCSIInterface=iscsiInterface:s FSType=fsType:s ReadOnly:b Portals:[]s \
        DiscoveryCHAPAuth=chapAuthDiscovery:b SecretRef:*LocalObjectReference SessionCHAPAuth=chapAuthSession:b \
        InitiatorName:*s"),
    ("Glusterfs", "EndpointsName=endpoints:s Path:s ReadOnly:b"),
    ("ClaimVolume", "ClaimName:s ReadOnly:b"),
    ("DownwardVolume", "Items:[]DownwardFile DefaultMode:*i"),
    ("DownwardFile", "Path:s FieldRef:*FieldRef ResourceFieldRef:*ResourceFieldRef Mode:*i"),
    ("ConfigMapVolume", "Name:s Items:[]KeyToPath DefaultMode:*i Optional:*b"),
    ("ProjectedVolume", "Sources:[]Projection DefaultMode:*i"),
    ("Projection", "Secret:*NamedProjection DownwardAPI=downwardAPI:*DownwardProjection ConfigMap:*NamedProjection \
        ServiceAccountToken:*TokenProjection ClusterTrustBundle:*t PodCertificate:*t"),
    ("NamedProjection", "Name:s Items:[]KeyToPath Optional:*b"),
    ("DownwardProjection", "Items:[]DownwardFile"),
    ("TokenProjection", "Audience:s ExpirationSeconds:i Path:s"),
    ("CSIVolume", "Driver:s ReadOnly:*b FSType=fsType:*s VolumeAttributes:map:s \
        NodePublishSecretRef:*LocalObjectReference"),
    ("ImageVolume", "Reference:s PullPolicy:s"),
    ("PodDisruptionBudgetSpec", "MinAvailable:*i Selector:*t MaxUnavailable:*i UnhealthyPodEvictionPolicy:*s"),
    ("PersistentVolumeClaimSpec", "AccessModes:[]s Selector:*t Resources:VolumeResources VolumeName:s \
        StorageClassName:*s VolumeMode:*s DataSource:*t DataSourceRef:*t VolumeAttributesClassName:*s"),
    ("PersistentVolumeSource", "GCEPersistentDisk:*GCEDisk AWSElasticBlockStore:*AWSDisk HostPath:*HostPath \
        Glusterfs:*t NFS:*NFS RBD:*t Quobyte:*t ISCSI:*ISCSI FlexVolume:*t Cinder:*t CephFS=cephfs:*t FC:*t \
        Flocker:*t AzureFile:*t VsphereVolume:*t AzureDisk:*t PhotonPersistentDisk:*t PortworxVolume:*t \
        ScaleIO=scaleIO:*t Local:*LocalVolume StorageOS=storageos:*t CSI:*CSIPersistent"),
    ("LocalVolume", "Path:s FSType=fsType:*s"),
    ("CSIPersistent", "Driver:s VolumeHandle:s ReadOnly:b FSType=fsType:s VolumeAttributes:map:s \
        ControllerPublishSecretRef:*SecretReference NodeStageSecretRef:*SecretReference \
        NodePublishSecretRef:*SecretReference ControllerExpandSecretRef:*SecretReference \
        NodeExpandSecretRef:*SecretReference"),
    ("SecretReference", "Name:s Namespace:s"),
    ("VolumeNodeAffinity", "Required:*NodeSelector"),
    ("ClusterTrustBundleProjection", "Name:*s SignerName:*s LabelSelector:*t Optional:*b Path:s"),
    ("ScopeSelector", "MatchExpressions:[]ScopeRequirement"),
    ("ScopeRequirement", "ScopeName:s Operator:s Values:[]s"),
    ("DaemonSetUpdateStrategy", "Type:s RollingUpdate:*RollingUpdateDeployment"),
    ("VolumeResources", "Limits:map:q Requests:map:q"),
    ("DeploymentStrategy", "Type:s RollingUpdate:*RollingUpdateDeployment"),
    ("RollingUpdateDeployment", "MaxUnavailable:i MaxSurge:i"),
    ("StatefulSetUpdateStrategy", "Type:s RollingUpdate:*RollingUpdateStatefulSetStrategy"),
    ("RollingUpdateStatefulSetStrategy", "Partition:i MaxUnavailable:*i"),
    ("SuccessPolicy", "Rules:[]SuccessPolicyRule"),
    ("SuccessPolicyRule", "SucceededIndexes:*s SucceededCount:*i"),
    ("NodeAddress", "Type:s Address:s"),
    ("ObjectReference", "Kind:s Namespace:s Name:s UID:s APIVersion=apiVersion:s ResourceVersion:s FieldPath:s"),
    ("CustomResourceDefinitionVersion", "Name:s Served:b Storage:b Deprecated:b DeprecationWarning:*s Schema:*t \
        Subresources:*t AdditionalPrinterColumns:[]t SelectableFields:[]t"),
    ("EventSource", "Component:s Host:s"),
    ("Taint", "Key:s Value:s Effect:s TimeAdded:*s"),
    ("IDRange", "Min:i Max:i"),
    ("RoleRef", "APIGroup=apiGroup:s Kind:s Name:s"),
    ("ServicePort", "Name:s Protocol:s AppProtocol:*s Port:i TargetPort:i NodePort:i"),
];
