//! A white sheet with a title above and a caption below, and the few marks that
//! the figures are made of.

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::{
    Circle, DrawingArea, IntoDrawingArea, PathElement, Polygon, RGBColor, Rectangle, SVGBackend,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontFamily, FontStyle, FontTransform, IntoFont, ShapeStyle, TextStyle,
};

use super::Drawing;
use crate::text::Values;
use crate::{Error, Result};

/// A place in pixels from the upper left corner.
pub(super) type Point = (i32, i32);

/// Colours that differ in lightness too, so that they survive grey and colour
/// blindness (M. Okabe, K. Ito, "Color Universal Design", 2008).
pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(super) const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub(super) const VERMILION: RGBColor = RGBColor(213, 94, 0);
pub(super) const BLACK: RGBColor = RGBColor(0, 0, 0);
pub(super) const GREY: RGBColor = RGBColor(95, 95, 95);
pub(super) const PALE: RGBColor = RGBColor(222, 222, 222);
pub(super) const WHITE: RGBColor = RGBColor(255, 255, 255);

/// Size of ordinary text in pixels.
pub(super) const TEXT: f64 = 13.0;
/// Size of captions and notes.
pub(super) const SMALL: f64 = 11.5;
const TITLE: f64 = 17.0;
const MARGIN: i32 = 16;

/// How a text is set.
#[derive(Clone, Copy)]
pub(super) struct Look {
    size: f64,
    bold: bool,
    upward: bool,
    horizontal: HPos,
    colour: RGBColor,
}

impl Look {
    /// From its place to the right.
    pub(super) fn left(size: f64) -> Self {
        Self {
            size,
            bold: false,
            upward: false,
            horizontal: HPos::Left,
            colour: BLACK,
        }
    }

    /// Ending at its place.
    pub(super) fn right(size: f64) -> Self {
        Self {
            horizontal: HPos::Right,
            ..Self::left(size)
        }
    }

    /// Around its place.
    pub(super) fn centre(size: f64) -> Self {
        Self {
            horizontal: HPos::Center,
            ..Self::left(size)
        }
    }

    /// From its place upwards.
    pub(super) fn upward(self) -> Self {
        Self {
            upward: true,
            ..self
        }
    }

    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) fn colour(self, colour: RGBColor) -> Self {
        Self { colour, ..self }
    }

    fn style(&self) -> TextStyle<'_> {
        // The SVG backend divides sizes by 1.24.
        let mut font = (FontFamily::SansSerif, self.size * 1.24).into_font();
        if self.bold {
            font = font.style(FontStyle::Bold);
        }
        if self.upward {
            font = font.transform(FontTransform::Rotate270);
        }
        TextStyle::from(font)
            .color(&self.colour)
            .pos(Pos::new(self.horizontal, VPos::Center))
    }
}

/// Marks that differ in shape.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Circle,
    Square,
    Triangle,
    Diamond,
    Ring,
    Box,
}

impl Mark {
    /// A mark and a colour for the thing at a place of a list.
    pub(super) fn of(place: usize) -> (Self, RGBColor) {
        const MARKS: [(Mark, RGBColor); 7] = [
            (Mark::Circle, BLUE),
            (Mark::Square, VERMILION),
            (Mark::Diamond, BLACK),
            (Mark::Triangle, ORANGE),
            (Mark::Ring, BLUE),
            (Mark::Box, VERMILION),
            (Mark::Ring, BLACK),
        ];
        MARKS[place % MARKS.len()]
    }
}

/// What a figure is about, as far as its title and caption go.
pub(super) trait Words {
    /// The text `plot.<key>`.
    fn say(&self, key: &str, values: Values<'_>) -> Result<String>;
    /// The line below: which numbers these are.
    fn origin(&self) -> Result<String>;
}

/// The body of a figure, or the whole.
pub(super) struct Sheet<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Draws a figure whose body has that size; `caption` says what it shows and n.
pub(super) fn figure(
    subject: &impl Words,
    id: &str,
    size: Point,
    caption: &str,
    draw: impl FnOnce(&Sheet<'_>) -> Result<()>,
) -> Result<Drawing> {
    let title = wrapped(&subject.say(&format!("{id}-title"), &[])?, size.0, TITLE);
    let mut lines = wrapped(caption, size.0, SMALL);
    lines.extend(wrapped(&subject.origin()?, size.0, SMALL));
    let (above, line) = (24 * length(&title) + 10, 17);
    let below = line * length(&lines) + 14;
    let whole = (size.0 + 2 * MARGIN, size.1 + above + below + 2 * MARGIN);
    let mut svg = String::new();
    {
        let unsigned = (whole.0.unsigned_abs(), whole.1.unsigned_abs());
        let all = SVGBackend::with_string(&mut svg, unsigned).into_drawing_area();
        all.fill(&WHITE).map_err(failed)?;
        let body = all.margin(MARGIN + above, MARGIN + below, MARGIN, MARGIN);
        let sheet = Sheet { area: all };
        for (place, text) in title.iter().enumerate() {
            let y = MARGIN + 12 + 24 * count(place);
            sheet.text((MARGIN, y), text, Look::left(TITLE).bold())?;
        }
        for (place, text) in lines.iter().enumerate() {
            let y = whole.1 - MARGIN - below + 22 + line * count(place);
            sheet.text((MARGIN, y), text, Look::left(SMALL).colour(GREY))?;
        }
        let all = sheet.area;
        draw(&Sheet { area: body })?;
        all.present().map_err(failed)?;
    }
    Ok(Drawing::Svg(svg))
}

impl Sheet<'_> {
    pub(super) fn text(&self, at: Point, text: &str, look: Look) -> Result<()> {
        self.area.draw_text(text, &look.style(), at).map_err(failed)
    }

    pub(super) fn line(&self, path: &[Point], colour: RGBColor, width: u32) -> Result<()> {
        let style = colour.stroke_width(width);
        let path = PathElement::new(path.to_vec(), style);
        self.area.draw(&path).map_err(failed)
    }

    /// As [`Self::line`], in dashes.
    pub(super) fn dashes(&self, path: &[Point], colour: RGBColor, width: u32) -> Result<()> {
        let style = colour.stroke_width(width);
        let path = DashedPathElement::new(path.iter().copied(), 6, 4, style);
        self.area.draw(&path).map_err(failed)
    }

    /// A box from one corner to the other, filled.
    pub(super) fn block(&self, from: Point, to: Point, colour: RGBColor) -> Result<()> {
        let block = Rectangle::new([from, to], colour.filled());
        self.area.draw(&block).map_err(failed)
    }

    /// The outline of a box.
    pub(super) fn outline(&self, from: Point, to: Point, colour: RGBColor) -> Result<()> {
        let block = Rectangle::new([from, to], colour.stroke_width(1));
        self.area.draw(&block).map_err(failed)
    }

    /// A mark of the given half width.
    pub(super) fn mark(
        &self,
        at: Point,
        half: i32,
        (mark, colour): (Mark, RGBColor),
    ) -> Result<()> {
        let (x, y) = at;
        let filled: ShapeStyle = colour.filled();
        let polygon = |points: Vec<Point>| {
            let drawn = self.area.draw(&Polygon::new(points, filled));
            drawn.map_err(failed)
        };
        match mark {
            Mark::Circle => {
                let circle = Circle::new(at, half, filled);
                self.area.draw(&circle).map_err(failed)
            }
            Mark::Ring => {
                self.area
                    .draw(&Circle::new(at, half, WHITE.filled()))
                    .map_err(failed)?;
                let ring = Circle::new(at, half, colour.stroke_width(2));
                self.area.draw(&ring).map_err(failed)
            }
            Mark::Square => self.block((x - half, y - half), (x + half, y + half), colour),
            Mark::Box => {
                let corners = [(x - half, y - half), (x + half, y + half)];
                self.block(corners[0], corners[1], WHITE)?;
                let outline = Rectangle::new(corners, colour.stroke_width(2));
                self.area.draw(&outline).map_err(failed)
            }
            Mark::Triangle => polygon(vec![
                (x, y - half),
                (x + half, y + half),
                (x - half, y + half),
            ]),
            Mark::Diamond => polygon(vec![
                (x, y - half - 1),
                (x + half + 1, y),
                (x, y + half + 1),
                (x - half - 1, y),
            ]),
        }
    }
}

/// What went wrong while drawing.
pub(super) fn failed(error: impl std::fmt::Display) -> Error {
    Error::Plot(error.to_string())
}

/// A number of rows or cases as pixels or coordinates; figures are far smaller
/// than the limit.
pub(super) fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn length<T>(list: &[T]) -> i32 {
    count(list.len())
}

/// Rough width of a text in pixels: no font is known here, and texts have room.
pub(super) fn width(text: &str, size: f64) -> i32 {
    let ems: f64 = text.chars().map(ems).sum();
    (ems * size).ceil() as i32
}

fn ems(character: char) -> f64 {
    // Chinese characters, kana and their punctuation are as wide as high.
    if character >= '\u{2e80}' { 1.0 } else { 0.58 }
}

/// Breaks a text into lines: at blanks, and between wide characters.
fn wrapped(text: &str, most: i32, size: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && width(&format!("{line}{}", piece.trim_end()), size) > most {
            lines.push(piece.trim_start().to_owned());
        } else {
            line.push_str(&piece);
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}

/// What a line may not be broken within, with the blank that follows.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut before = ' ';
    for character in text.chars() {
        let wide = |c: char| c >= '\u{2e80}';
        let closes = "、。）」；：・ー".contains(character);
        let opens = "（「".contains(before);
        let may_break = before == ' ' || (wide(before) || wide(character)) && !closes && !opens;
        match pieces.last_mut() {
            Some(piece) if !may_break || piece.is_empty() => piece.push(character),
            _ => pieces.push(character.to_string()),
        }
        before = character;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_between_wide_characters() {
        assert_eq!(wrapped("one two three", 50, 10.0), ["one two ", "three"]);
        assert_eq!(wrapped("規則が止める。", 40, 10.0), ["規則が止", "める。"]);
        // No line begins with a full stop.
        assert_eq!(wrapped("規則。", 20, 10.0), ["規", "則。"]);
        assert_eq!(wrapped("", 50, 10.0), [""; 0]);
    }
}
