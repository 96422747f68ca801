//! A sheet as a PDF on A4 paper: text that can be selected, in a font that it brings along.

use std::sync::LazyLock;

use krilla::Document;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use portcullis_ports::{Error, Result};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};

use super::sheet::{Cells, Sheet, Table};

/// Noto Sans for Latin, Greek and Cyrillic, by the Noto Project Authors; its licence lies beside it.
const FONT: &[u8] = include_bytes!("NotoSans-Regular.ttf");
/// How fine the font is drawn: its units in the size of its letters.
const UNITS: f32 = 1000.0;

/// A4 in points, as all lengths here.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 57.0;
/// Where values begin.
const VALUES: f32 = 210.0;
const TITLE: f32 = 22.0;
const TEXT: f32 = 10.5;
const STRONG: f32 = 14.0;
/// How far lines are from each other, in sizes of their letters.
const LEADING: f32 = 1.5;
/// How far rows are from each other.
const GAP: f32 = 6.0;
/// Where the texts of tables begin, and where they end.
const TEXTS: (f32, f32) = (130.0, 350.0);
/// Where the amounts of tables end.
const AMOUNTS: [f32; 2] = [445.0, WIDTH - MARGIN];

/// The font for writing and for measuring.
struct Typeface {
    font: Font,
    letters: Charmap<'static>,
    widths: GlyphMetrics<'static>,
}

static TYPEFACE: LazyLock<Option<Typeface>> = LazyLock::new(|| {
    let read = FontRef::new(FONT).ok()?;
    Some(Typeface {
        font: Font::new(FONT.into(), 0)?,
        letters: read.charmap(),
        widths: read.glyph_metrics(Size::new(UNITS), LocationRef::default()),
    })
});

/// What stands side by side.
struct Line {
    texts: Vec<Placed>,
    /// From the line above.
    height: f32,
}

/// A text with its place on the line.
struct Placed {
    left: f32,
    size: f32,
    text: String,
}

impl Placed {
    fn at(left: f32, text: &str) -> Self {
        Self {
            left,
            size: TEXT,
            text: text.to_owned(),
        }
    }
}

/// The document.
///
/// # Errors
/// `internal` if it cannot be written.
pub(super) fn pdf(sheet: &Sheet) -> Result<Vec<u8>> {
    let typeface = TYPEFACE.as_ref();
    let typeface = typeface.ok_or_else(|| Error::internal("the font of documents cannot be read"))?;
    let settings = PageSettings::from_wh(WIDTH, HEIGHT);
    let settings = settings.ok_or_else(|| Error::internal("a page of a document has no size"))?;
    let mut document = Document::new();
    let about = Metadata::new().title(format!("{} · {}", sheet.title, sheet.from));
    document.set_metadata(about.language(sheet.language.to_string()));
    for lines in pages(typeface.lines(sheet)) {
        let mut page = document.start_page_with(settings.clone());
        let mut surface = page.surface();
        let mut bottom = MARGIN;
        for line in lines {
            bottom += line.height;
            for text in &line.texts {
                typeface.write(&mut surface, text, bottom);
            }
        }
        surface.finish();
        page.finish();
    }
    let written = document.finish();
    written.map_err(|wrong| Error::internal(format!("a document cannot be written: {wrong:?}")))
}

/// The lines of each page.
fn pages(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let (mut pages, mut used) = (vec![Vec::new()], 0.0);
    for line in lines {
        if used + line.height > HEIGHT - 2.0 * MARGIN {
            pages.push(Vec::new());
            used = 0.0;
        }
        used += line.height;
        if let Some(page) = pages.last_mut() {
            page.push(line);
        }
    }
    pages
}

impl Typeface {
    fn write(&self, surface: &mut Surface<'_>, placed: &Placed, bottom: f32) {
        let Placed { left, size, text } = placed;
        let glyphs: Vec<KrillaGlyph> = text
            .char_indices()
            .map(|(at, letter)| {
                let (glyph, wide) = self.glyph(letter);
                let range = at..at + letter.len_utf8();
                KrillaGlyph::new(GlyphId::new(glyph), wide, 0.0, 0.0, 0.0, range, None)
            })
            .collect();
        let start = Point::from_xy(*left, bottom);
        surface.draw_glyphs(start, &glyphs, self.font.clone(), text, *size, false);
    }

    fn lines(&self, sheet: &Sheet) -> Vec<Line> {
        let mut lines = Vec::new();
        for (text, size) in [(&sheet.title, TITLE), (&sheet.from, TEXT)] {
            let broken = self.broken(text, size, WIDTH - 2.0 * MARGIN);
            lines.extend(broken.into_iter().map(|text| Line {
                height: size * LEADING,
                texts: vec![Placed {
                    left: MARGIN,
                    size,
                    text,
                }],
            }));
        }
        for (at, row) in sheet.rows.iter().enumerate() {
            let size = if row.strong { STRONG } else { TEXT };
            let mut labels = self.broken(&row.label, TEXT, VALUES - MARGIN - GAP).into_iter();
            let mut values = self.broken(&row.value, size, WIDTH - MARGIN - VALUES).into_iter();
            let mut gap = if at == 0 { 4.0 * GAP } else { GAP };
            loop {
                let label = labels.next().map(|text| (MARGIN, TEXT, text));
                let value = values.next().map(|text| (VALUES, size, text));
                let texts = label.into_iter().chain(value);
                let texts: Vec<Placed> = texts
                    .map(|(left, size, text)| Placed { left, size, text })
                    .collect();
                if texts.is_empty() {
                    break;
                }
                let height = gap + size * LEADING;
                lines.push(Line { texts, height });
                gap = 0.0;
            }
        }
        for table in &sheet.tables {
            self.add_table(&mut lines, table);
        }
        lines
    }

    fn add_table(&self, lines: &mut Vec<Line>, table: &Table) {
        let mut gap = 4.0 * GAP;
        for cells in std::iter::once(&table.head).chain(&table.lines) {
            let Cells { date, text, amounts } = cells;
            let mut texts = vec![Placed::at(MARGIN, date)];
            for (amount, right) in amounts.iter().zip(AMOUNTS) {
                let wide: f32 = amount.chars().map(|letter| self.advance(letter, TEXT)).sum();
                texts.push(Placed::at(right - wide, amount));
            }
            for part in self.broken(text, TEXT, TEXTS.1 - TEXTS.0) {
                texts.push(Placed::at(TEXTS.0, &part));
                let height = gap + TEXT * LEADING;
                lines.push(Line {
                    texts: std::mem::take(&mut texts),
                    height,
                });
                gap = 0.0;
            }
            gap = GAP / 2.0;
        }
    }

    /// The text in lines that are no wider than `width`: broken between words, and within a word that is wider alone.
    fn broken(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let (mut lines, mut used) = (vec![String::new()], 0.0);
        for word in text.split_inclusive(' ') {
            let letters = word.trim_end().chars();
            let wide: f32 = letters.map(|letter| self.advance(letter, size)).sum();
            if used + wide > width && used > 0.0 {
                lines.push(String::new());
                used = 0.0;
            }
            for letter in word.chars() {
                let wide = self.advance(letter, size);
                if used + wide > width && letter != ' ' {
                    lines.push(String::new());
                    used = 0.0;
                }
                used += wide;
                if let Some(line) = lines.last_mut() {
                    line.push(letter);
                }
            }
        }
        lines
    }

    fn advance(&self, letter: char, size: f32) -> f32 {
        self.glyph(letter).1 * size
    }

    /// The glyph of a letter, and how wide it is, in sizes. A letter that the font lacks is a box.
    fn glyph(&self, letter: char) -> (u32, f32) {
        let glyph = self.letters.map(letter).unwrap_or_default();
        let wide = self.widths.advance_width(glyph).unwrap_or_default();
        (glyph.to_u32(), wide / UNITS)
    }
}

#[cfg(test)]
mod tests {
    use portcullis_core::texts::Language;

    use super::super::sheet::Row;
    use super::*;

    fn sheet(rows: Vec<Row>) -> Sheet {
        Sheet {
            language: Language::EN,
            title: "Receipt".to_owned(),
            from: "Plum Kettles".to_owned(),
            rows,
            tables: Vec::new(),
        }
    }

    #[test]
    fn no_line_is_wider_than_its_column_and_no_letter_is_lost() {
        let typeface = TYPEFACE.as_ref().expect("the font");
        for text in [
            "Plum kettle",
            &"W".repeat(200),
            &"a long description of a plum kettle ".repeat(9),
            "",
            "Größe, Ψηφίο, Цена 中",
        ] {
            let lines = typeface.broken(text, TEXT, 100.0);
            assert_eq!(lines.concat(), text);
            for line in lines {
                let wide: f32 = line
                    .trim_end()
                    .chars()
                    .map(|letter| typeface.advance(letter, TEXT))
                    .sum();
                assert!(wide <= 100.0, "{line}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_goes_on_on_another_page() {
        let typeface = TYPEFACE.as_ref().expect("the font");
        for (rows, count) in [(0, 1), (1, 1), (30, 1), (100, 4)] {
            let sheet = sheet(vec![Row::plain("For", "a kettle"); rows]);
            let pages = pages(typeface.lines(&sheet));
            assert_eq!(pages.len(), count, "{rows} rows");
            assert_eq!(pages.iter().map(Vec::len).sum::<usize>(), rows + 2);
        }
    }

    #[test]
    fn tables_go_on_on_other_pages_and_their_amounts_end_at_the_right() {
        let typeface = TYPEFACE.as_ref().expect("the font");
        let cells = |text: &str, amount: &str| Cells {
            date: "2026-11-27".to_owned(),
            text: text.to_owned(),
            amounts: [amount.to_owned(), "1234567.89".to_owned()],
        };
        let sheet = Sheet {
            tables: vec![Table {
                head: cells("What", "Amount"),
                lines: vec![cells(&"long ".repeat(30), "19.99"); 40],
            }],
            ..sheet(Vec::new())
        };
        let lines = typeface.lines(&sheet);
        for text in lines
            .iter()
            .flat_map(|line| &line.texts)
            .filter(|text| text.left > TEXTS.1)
        {
            let wide: f32 = text
                .text
                .chars()
                .map(|letter| typeface.advance(letter, text.size))
                .sum();
            let ends = |right: f32| (text.left + wide - right).abs() < 0.01;
            assert!(AMOUNTS.into_iter().any(ends), "{}", text.text);
        }
        let pages = pages(lines);
        assert!(pages.len() > 1, "{}", pages.len());
        assert!(pages.iter().all(|page| !page.is_empty()));
    }

    #[test]
    fn its_text_can_be_selected_and_it_brings_its_font() {
        let written = pdf(&sheet(vec![Row::strong("Amount paid", "19.99 EUR")])).expect("a document");
        assert!(written.starts_with(b"%PDF-"));
        let text = String::from_utf8_lossy(&written);
        for part in ["/ToUnicode", "NotoSans", "/FontFile"] {
            assert!(text.contains(part), "{part} is missing");
        }
        assert!(
            written.len() < 60_000,
            "only what is used of the font is in it: {}",
            written.len()
        );
        assert_eq!(
            pdf(&sheet(Vec::new())).expect("one"),
            pdf(&sheet(Vec::new())).expect("the same")
        );
    }
}
