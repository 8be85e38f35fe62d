//! The lab in the browser.

fn main() {
    gatehouse_web::run();
}
