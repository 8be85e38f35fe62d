//! Prints the outline that the build writes into index.html.
#![expect(clippy::print_stdout, reason = "printing is all it does")]

fn main() {
    println!("{}", gatehouse_web::outline::html());
}
