//! Owns the elements of a picture, each on a line of its own.

/// A number with one decimal; what is half way goes up, in every language.
pub(super) fn tenths(number: f64) -> String {
    let tenths = crate::number::whole128((number * 10.0 + 0.5).floor());
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Lines of a picture.
#[derive(Default)]
pub(super) struct Svg(String);

impl Svg {
    pub(super) fn line(&mut self, line: &str) {
        self.0 += line;
        self.0.push('\n');
    }

    pub(super) fn text(&mut self, x: f64, y: f64, attributes: &str, text: &str) {
        let (x, y, text) = (tenths(x), tenths(y), escaped(text));
        self.line(&format!("<text x=\"{x}\" y=\"{y}\"{attributes}>{text}</text>"));
    }

    pub(super) fn rect(&mut self, [x, y, width, height]: [f64; 4], fill: &str) {
        let [x, y, width, height] = [x, y, width, height].map(tenths);
        let place = format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
        self.line(&format!("<rect {place} fill=\"{fill}\"/>"));
    }

    /// The whole picture.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// A line through points, or a point that is alone.
    pub(super) fn curve(&mut self, points: &[(String, String)], colour: &str) {
        match points {
            [] => {}
            [(x, y)] => {
                self.line(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"2.0\" fill=\"{colour}\"/>"));
            }
            points => {
                let places: Vec<_> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
                let places = places.join(" ");
                let stroke = format!("stroke=\"{colour}\" stroke-width=\"1.5\"");
                self.line(&format!("<polyline points=\"{places}\" fill=\"none\" {stroke}/>"));
            }
        }
    }
}
