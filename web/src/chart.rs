//! Where the picture's parts lie: namespaces as boxes, pods as points on a grid, flows as curves between them.
//!
//! Geometry only: the same picture always lies the same way. What may flow, the lab says.

use crate::lab::{Picture, PicturePod};

/// The width the drawing is laid out for; the page scales it.
pub const WIDTH: f64 = 440.0;
const MARGIN: f64 = 10.0;
const CELL_HEIGHT: f64 = 104.0;
const HEAD: f64 = 30.0;
/// How far an arc of pods bulges.
const ARC: f64 = 26.0;
/// How large a pod is drawn.
pub const POD: f64 = 11.0;

/// A namespace's box.
#[derive(Clone, PartialEq, Debug)]
pub struct Area {
    /// Its name.
    pub name: String,
    /// Its left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// A pod's place.
#[derive(Clone, PartialEq, Debug)]
pub struct Spot {
    /// Which pod of the picture it is.
    pub pod: usize,
    /// Its name.
    pub name: String,
    /// Its address.
    pub ip: String,
    /// The middle, from the left.
    pub x: f64,
    /// The middle, from above.
    pub y: f64,
    /// Where its name stands: the address follows on the next line.
    pub label: (f64, f64),
    /// Which end of the name stands there, as SVG's `text-anchor`.
    pub anchor: &'static str,
}

/// A flow's way across the drawing.
#[derive(Clone, PartialEq, Debug)]
pub struct Curve {
    /// Which edge of the picture it is.
    pub edge: usize,
    /// The line, as an SVG path.
    pub path: String,
    /// The mark at the end: an arrow's head where traffic arrives, a bar where it is stopped.
    pub end: String,
}

/// The whole drawing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Chart {
    /// How high it is.
    pub height: f64,
    /// The boxes.
    pub areas: Vec<Area>,
    /// The pods.
    pub spots: Vec<Spot>,
    /// The flows.
    pub curves: Vec<Curve>,
}

/// Lays out a picture.
pub fn lay_out(picture: &Picture) -> Chart {
    let mut chart = Chart::default();
    let spaces = spaces(picture);
    let count = spaces.len();
    let across = if count <= 1 { 1 } else { 2 };
    let width = (WIDTH - MARGIN * (across as f64 + 1.0)) / across as f64;
    let mut top = MARGIN;
    for row in spaces.chunks(across) {
        // Pods that stand one below the other leave the middle free for what flows between namespaces.
        let columns = if across == 1 || row.iter().any(|space| space.pods.len() > 4) { 2 } else { 1 };
        let rows = row.iter().map(|space| space.pods.len().div_ceil(columns)).max().unwrap_or(0).max(1);
        let height = HEAD + rows as f64 * CELL_HEIGHT;
        for (at, space) in row.iter().enumerate() {
            let x = MARGIN + at as f64 * (width + MARGIN);
            chart.areas.push(Area { name: space.name.to_owned(), x, y: top, width, height });
            for (index, (number, pod)) in space.pods.iter().enumerate() {
                let (column, line) = (index % columns, index / columns);
                let y = top + HEAD + CELL_HEIGHT * (line as f64 + 0.4);
                // Names stand on the outer side, away from the flows; in a crowd they stand below.
                let side = if across == 1 { Some(column) } else { (columns == 1).then_some(at) };
                let share = match side {
                    Some(0) if across == 1 => 0.32,
                    Some(_) if across == 1 => 0.68,
                    Some(0) => 0.74,
                    Some(_) => 0.26,
                    None => (column as f64 + 0.5) / columns as f64,
                };
                // From three on, pods stand on an arc, so that a flow from the first to the last passes by the others.
                let count = space.pods.len();
                let arc = if columns == 1 && count > 2 {
                    (std::f64::consts::PI * (index as f64 + 0.5) / count as f64).sin() * ARC
                } else {
                    0.0
                };
                let x = x + width * share + if side == Some(0) { -arc } else { arc };
                let (label, anchor) = match side {
                    Some(0) => ((x - POD - 9.0, y - 2.0), "end"),
                    Some(_) => ((x + POD + 9.0, y - 2.0), "start"),
                    None => ((x, y + POD + 15.0), "middle"),
                };
                chart.spots.push(Spot {
                    pod: *number,
                    name: pod.name.clone(),
                    ip: pod.ip.clone(),
                    x,
                    y,
                    label,
                    anchor,
                });
            }
        }
        top += height + MARGIN;
    }
    chart.height = top;
    for (index, edge) in picture.edges.iter().enumerate() {
        let spot = |pod: usize| chart.spots.iter().find(|spot| spot.pod == pod);
        if let (Some(from), Some(to)) = (spot(edge.from), spot(edge.to)) {
            chart.curves.push(curve(index, from, to, edge.allowed));
        }
    }
    chart
}

/// A namespace and its pods, with their numbers in the picture.
struct Space<'a> {
    name: &'a str,
    pods: Vec<(usize, &'a PicturePod)>,
}

/// The pods by namespace, in the picture's order.
fn spaces(picture: &Picture) -> Vec<Space<'_>> {
    let mut spaces: Vec<Space<'_>> = Vec::new();
    for (number, pod) in picture.pods.iter().enumerate() {
        match spaces.iter_mut().find(|space| space.name == pod.namespace) {
            Some(space) => space.pods.push((number, pod)),
            None => spaces.push(Space { name: &pod.namespace, pods: vec![(number, pod)] }),
        }
    }
    spaces
}

/// A curve that leaves to the right of the straight line, so that the way back lies on its other side.
fn curve(edge: usize, from: &Spot, to: &Spot, allowed: bool) -> Curve {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let (nx, ny) = (-uy, ux);
    let bow = (length * 0.13).clamp(14.0, 34.0);
    let (cx, cy) = ((from.x + to.x) / 2.0 + nx * bow, (from.y + to.y) / 2.0 + ny * bow);
    let edge_of = |spot: &Spot, gap: f64| {
        let (vx, vy) = (cx - spot.x, cy - spot.y);
        let away = vx.hypot(vy).max(1.0);
        (spot.x + vx / away * gap, spot.y + vy / away * gap)
    };
    let (sx, sy) = edge_of(from, POD + 3.0);
    let (ex, ey) = edge_of(to, POD + if allowed { 9.0 } else { 6.0 });
    let (tx, ty) = edge_of(to, POD + 2.0);
    let (vx, vy) = (tx - cx, ty - cy);
    let away = vx.hypot(vy).max(1.0);
    let (vx, vy) = (vx / away, vy / away);
    let end = if allowed {
        format!(
            "M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z",
            tx,
            ty,
            tx - vx * 9.0 - vy * 4.5,
            ty - vy * 9.0 + vx * 4.5,
            tx - vx * 9.0 + vy * 4.5,
            ty - vy * 9.0 - vx * 4.5
        )
    } else {
        format!("M{:.1} {:.1}L{:.1} {:.1}", ex - vy * 5.5, ey + vx * 5.5, ex + vy * 5.5, ey - vx * 5.5)
    };
    Curve { edge, path: format!("M{sx:.1} {sy:.1}Q{cx:.1} {cy:.1} {ex:.1} {ey:.1}"), end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Edge, WEB};

    fn picture(sizes: &[usize]) -> Picture {
        let pods: Vec<PicturePod> = sizes
            .iter()
            .enumerate()
            .flat_map(|(space, size)| (0..*size).map(move |pod| (space, pod)))
            .map(|(space, pod)| PicturePod {
                namespace: format!("ns{space}"),
                name: format!("p{pod}"),
                ip: format!("10.0.{space}.{pod}"),
            })
            .collect();
        let edges = vec![Edge { from: 0, to: 1, port: WEB, allowed: true, because: Vec::new() }];
        Picture { port: WEB, pods, edges }
    }

    #[test]
    fn every_pod_lies_inside_its_box_and_no_two_in_one_place() {
        for sizes in [&[2, 2][..], &[1, 3, 7], &[5], &[1, 1, 1, 1]] {
            let picture = picture(sizes);
            let chart = lay_out(&picture);
            assert_eq!(chart.spots.len(), sizes.iter().sum::<usize>());
            for (spot, pod) in chart.spots.iter().zip(&picture.pods) {
                let area = chart.areas.iter().find(|area| area.name == pod.namespace).expect("its box");
                assert!(spot.x > area.x && spot.x < area.x + area.width, "{spot:?}");
                assert!(spot.y > area.y && spot.y < area.y + area.height, "{spot:?}");
            }
            for (index, one) in chart.spots.iter().enumerate() {
                assert!(chart.spots.iter().skip(index + 1).all(|other| (one.x, one.y) != (other.x, other.y)));
            }
            assert!(
                chart
                    .areas
                    .iter()
                    .all(|area| area.x + area.width <= WIDTH && area.y + area.height <= chart.height)
            );
        }
    }

    #[test]
    fn a_flow_to_a_pod_that_is_gone_is_not_drawn() {
        assert_eq!(lay_out(&picture(&[1, 1])).curves.len(), 1);
        assert!(lay_out(&picture(&[1])).curves.is_empty());
    }
}
