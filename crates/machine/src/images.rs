//! What is known of container images: facts about a few that learners meet, a likely guess for all others.
//!
//! No image is ever pulled. Knows sizes, default users and commands; what the programs do is `programs`.

pub mod hub;
pub mod release;

use crate::process::Userland;
use release::Release;

/// An image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// The repository, without `docker.io/` and `library/`.
    pub repository: &'static str,
    /// Whose tools are in it; `None` for images with nothing but their own program.
    pub userland: Option<Userland>,
    /// What it is made from; [`find`] knows, by the tag.
    pub release: Release,
    /// `USER`: a number, a name, `user:group`, or empty for root.
    pub user: &'static str,
    /// `ENTRYPOINT`
    pub entrypoint: &'static [&'static str],
    /// `CMD`
    pub cmd: &'static [&'static str],
    /// `WORKDIR`
    pub workdir: &'static str,
    /// Lines of `/etc/passwd` besides root's and the userland's own.
    pub passwd: &'static str,
    /// Its own programs, besides the userland's.
    pub programs: &'static [&'static str],
    /// Files and (with a `/` at the end) directories that matter to how it runs: path, content, mode, owner.
    pub files: &'static [(&'static str, &'static str, u32, u32)],
    /// The port its server listens on.
    pub port: Option<u16>,
    /// Size in bytes, for the kubelet's words when it was pulled.
    pub size: u64,
    /// The newest version its tags may name: major, minor.
    pub newest: (u32, u32),
}

const BASE: Image = Image {
    repository: "",
    userland: Some(Userland::Coreutils),
    release: Release::None,
    user: "",
    entrypoint: &[],
    cmd: &[],
    workdir: "/",
    passwd: "",
    programs: &["/server"],
    files: &[],
    port: None,
    size: 0,
    newest: (0, 0),
};

const NGINX_CONF: &str = "\nuser  nginx;\nworker_processes  auto;\n\nerror_log  /var/log/nginx/error.log notice;\npid        /run/nginx.pid;\n\n\nevents {\n    worker_connections  1024;\n}\n\n\nhttp {\n    include       /etc/nginx/mime.types;\n    default_type  application/octet-stream;\n\n    sendfile        on;\n    keepalive_timeout  65;\n\n    include /etc/nginx/conf.d/*.conf;\n}\n";
const NGINX_DEFAULT: &str = "server {\n    listen       80;\n    server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n}\n";
const UNPRIVILEGED_CONF: &str = "pid  /tmp/nginx.pid;\nhttp {\n    proxy_temp_path /tmp/proxy_temp;\n    client_body_temp_path /tmp/client_temp;\n    fastcgi_temp_path /tmp/fastcgi_temp;\n    uwsgi_temp_path /tmp/uwsgi_temp;\n    scgi_temp_path /tmp/scgi_temp;\n    include /etc/nginx/conf.d/*.conf;\n}\n";
const UNPRIVILEGED_DEFAULT: &str = "server {\n    listen       8080;\n    server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n}\n";
const INDEX: (&str, &str, u32, u32) = (
    "/usr/share/nginx/html/index.html",
    "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n<style>\nhtml { color-scheme: light dark; }\nbody { width: 35em; margin: 0 auto;\nfont-family: Tahoma, Verdana, Arial, sans-serif; }\n</style>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n<p>If you see this page, the nginx web server is successfully installed and\nworking. Further configuration is required.</p>\n\n<p>For online documentation and support please refer to\n<a href=\"http://nginx.org/\">nginx.org</a>.<br/>\nCommercial support is available at\n<a href=\"http://nginx.com/\">nginx.com</a>.</p>\n\n<p><em>Thank you for using nginx.</em></p>\n</body>\n</html>\n",
    0o644,
    0,
);

const NGINX: Image = Image {
    repository: "nginx",
    entrypoint: &["/docker-entrypoint.sh"],
    cmd: &["nginx", "-g", "daemon off;"],
    passwd: "nginx:x:101:101:nginx user:/nonexistent:/bin/false\n",
    programs: &["/docker-entrypoint.sh", "/usr/sbin/nginx"],
    files: &[
        ("/var/cache/nginx/", "", 0o755, 0),
        ("/etc/nginx/nginx.conf", NGINX_CONF, 0o644, 0),
        ("/etc/nginx/conf.d/default.conf", NGINX_DEFAULT, 0o644, 0),
        INDEX,
    ],
    port: Some(80),
    size: 72_324_501,
    newest: (1, 31),
    ..BASE
};

/// What is known. An image that is not here is taken for a root-owned server on a Debian base.
const IMAGES: &[Image] = &[
    NGINX,
    Image {
        repository: "nginxinc/nginx-unprivileged",
        user: "101",
        files: &[
            ("/var/cache/nginx/", "", 0o775, 101),
            ("/etc/nginx/nginx.conf", UNPRIVILEGED_CONF, 0o644, 101),
            ("/etc/nginx/conf.d/default.conf", UNPRIVILEGED_DEFAULT, 0o644, 101),
            INDEX,
        ],
        port: Some(8080),
        size: 72_330_112,
        ..NGINX
    },
    Image {
        repository: "busybox",
        userland: Some(Userland::Busybox),
        cmd: &["sh"],
        size: 2_156_518,
        newest: (1, 38),
        ..BASE
    },
    Image {
        repository: "alpine",
        userland: Some(Userland::Busybox),
        cmd: &["/bin/sh"],
        size: 3_807_296,
        newest: (3, 23),
        ..BASE
    },
    Image { repository: "ubuntu", cmd: &["/bin/bash"], size: 29_724_312, newest: (26, 10), ..BASE },
    Image { repository: "debian", cmd: &["bash"], size: 48_497_520, newest: (14, 0), ..BASE },
    Image {
        repository: "httpd",
        cmd: &["httpd-foreground"],
        programs: &["/usr/local/bin/httpd-foreground"],
        workdir: "/usr/local/apache2",
        port: Some(80),
        size: 45_165_832,
        newest: (2, 4),
        ..BASE
    },
    Image {
        repository: "redis",
        entrypoint: &["/usr/local/bin/docker-entrypoint.sh"],
        cmd: &["redis-server"],
        programs: &["/usr/local/bin/docker-entrypoint.sh", "/usr/local/bin/redis-server"],
        workdir: "/data",
        passwd: "redis:x:999:999::/home/redis:/bin/sh\n",
        port: Some(6379),
        size: 49_254_112,
        newest: (8, 99),
        ..BASE
    },
    Image {
        repository: "curlimages/curl",
        userland: Some(Userland::Busybox),
        user: "curl_user",
        entrypoint: &["/entrypoint.sh"],
        cmd: &["curl"],
        programs: &["/entrypoint.sh"],
        workdir: "/home/curl_user",
        passwd: "curl_user:x:100:101:Linux User,,,:/home/curl_user:/sbin/nologin\n",
        size: 9_822_208,
        ..BASE
    },
    Image {
        repository: "registry.k8s.io/pause",
        userland: None,
        user: "65535:65535",
        entrypoint: &["/pause"],
        programs: &["/pause"],
        size: 321_520,
        ..BASE
    },
    Image {
        repository: "hashicorp/http-echo",
        userland: None,
        user: "65532",
        entrypoint: &["/http-echo"],
        programs: &["/http-echo"],
        port: Some(5678),
        size: 3_240_000,
        ..BASE
    },
    Image {
        repository: "polinux/stress",
        userland: Some(Userland::Busybox),
        cmd: &["/bin/sh"],
        programs: &["/usr/local/bin/stress"],
        size: 4_041_495,
        ..BASE
    },
    Image {
        repository: "registry.k8s.io/e2e-test-images/agnhost",
        userland: Some(Userland::Busybox),
        entrypoint: &["/agnhost"],
        cmd: &["pause"],
        programs: &["/agnhost"],
        size: 52_000_000,
        ..BASE
    },
    Image {
        repository: "gcr.io/google-samples/hello-app",
        userland: None,
        entrypoint: &["/hello-app"],
        programs: &["/hello-app"],
        port: Some(8080),
        size: 6_500_000,
        ..BASE
    },
    Image {
        repository: "mysql",
        entrypoint: &["docker-entrypoint.sh"],
        cmd: &["mysqld"],
        programs: &["/usr/local/bin/docker-entrypoint.sh", "/usr/sbin/mysqld"],
        passwd: "mysql:x:999:999::/var/lib/mysql:/bin/bash\n",
        port: Some(3306),
        size: 232_000_000,
        newest: (9, 99),
        ..BASE
    },
    Image {
        repository: "postgres",
        entrypoint: &["docker-entrypoint.sh"],
        cmd: &["postgres"],
        programs: &["/usr/local/bin/docker-entrypoint.sh", "/usr/local/bin/postgres"],
        passwd: "postgres:x:999:999::/var/lib/postgresql:/bin/bash\n",
        port: Some(5432),
        size: 160_000_000,
        newest: (18, 99),
        ..BASE
    },
    Image {
        repository: "python",
        cmd: &["python3"],
        programs: &["/usr/local/bin/python3"],
        size: 410_000_000,
        newest: (3, 15),
        ..BASE
    },
    Image {
        repository: "registry.k8s.io/coredns/coredns",
        userland: None,
        user: "65532:65532",
        entrypoint: &["/coredns"],
        programs: &["/coredns"],
        port: Some(53),
        size: 22_400_000,
        ..BASE
    },
    Image {
        repository: "registry.k8s.io/ingress-nginx/controller",
        userland: Some(Userland::Busybox),
        user: "101",
        entrypoint: &["/nginx-ingress-controller"],
        programs: &["/nginx-ingress-controller"],
        passwd: "www-data:x:101:82:nginx:/var/www:/sbin/nologin\n",
        port: Some(80),
        size: 112_000_000,
        ..BASE
    },
    Image {
        repository: "istio/proxyv2",
        user: "1337:1337",
        entrypoint: &["/usr/local/bin/pilot-agent"],
        programs: &["/usr/local/bin/pilot-agent"],
        passwd: "istio-proxy:x:1337:1337::/home/istio-proxy:/bin/sh\n",
        size: 95_000_000,
        ..BASE
    },
    Image {
        repository: "istio/pilot",
        user: "1337:1337",
        entrypoint: &["/usr/local/bin/pilot-discovery"],
        programs: &["/usr/local/bin/pilot-discovery"],
        size: 73_000_000,
        ..BASE
    },
    Image { repository: "gcr.io/distroless/static", userland: None, size: 826_000, ..BASE },
    Image { repository: "gcr.io/distroless/static-debian12", userland: None, size: 826_000, ..BASE },
];

/// The facts of an image reference: `nginx`, `nginx:1.27`, `docker.io/library/nginx@sha256:…`.
#[must_use]
pub fn find(reference: &str) -> Image {
    let name = repository(reference);
    let known = IMAGES.iter().find(|i| i.repository == name).copied();
    let image = known.unwrap_or(Image { entrypoint: &["/server"], size: 54_321_098, ..BASE });
    let tagged = tagged(reference.split('@').next().unwrap_or(reference));
    let release = Release::of(name, tagged.rsplit(':').next().unwrap_or_default(), image.userland);
    match release {
        Release::Alpine(_) => Image { userland: Some(Userland::Busybox), release, ..image },
        _ => Image { release, ..image },
    }
}

/// The repository of a reference, as the table writes it.
fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    let name = match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    };
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

/// The reference with the tag that is meant when none is written.
#[must_use]
pub fn tagged(reference: &str) -> String {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    if last.contains(':') || reference.contains('@') {
        reference.to_owned()
    } else {
        format!("{reference}:latest")
    }
}

/// The reference as the runtime reports it: registry, repository, tag.
#[must_use]
pub fn full_name(reference: &str) -> String {
    let tagged = tagged(reference);
    match tagged.split_once('/') {
        Some((registry, _)) if registry.contains(['.', ':']) || registry == "localhost" => tagged,
        Some(_) => format!("docker.io/{tagged}"),
        None => format!("docker.io/library/{tagged}"),
    }
}

/// The reference with a digest made from the name: nothing is pulled, so nothing has a real one.
#[must_use]
pub fn digest(reference: &str) -> String {
    let full = full_name(reference);
    let name = match full.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => &full,
    };
    let mut entropy =
        gatehouse_core::Entropy::new(full.bytes().fold(7, |h, b| h * 31 % 0xffff_ffff + u64::from(b)));
    let digits: String = (0..4).map(|_| format!("{:016x}", entropy.next_u64())).collect();
    format!("{name}@sha256:{digits}")
}

#[cfg(test)]
mod tests {
    use super::{find, tagged};

    #[test]
    fn references_find_their_image() {
        for reference in ["nginx", "nginx:1.27", "docker.io/library/nginx:1", "docker.io/nginx@sha256:abc"] {
            assert_eq!(find(reference).repository, "nginx", "{reference}");
        }
        assert_eq!(find("nginxinc/nginx-unprivileged:latest").user, "101");
        assert_eq!(find("localhost:5000/mine").repository, "");
        assert_eq!(tagged("localhost:5000/mine"), "localhost:5000/mine:latest");
        assert_eq!(tagged("nginx:1"), "nginx:1");
    }
}
