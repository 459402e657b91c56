/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "svg_waterfall.h"

#include "svg_text.h"

#include <math.h>

/* Pixels. */
enum {
    WIDTH = 760,
    LEFT = 284,
    RIGHT = 110,
    TOP = 44,
    ROW = 26,
    BAR = 16,
    FOOT = 48,
    TICKS_WANTED = 5
};

static bool is_drawable(const struct svg_waterfall *waterfall)
{
    if (waterfall->count == 0 || waterfall->count > SVG_WATERFALL_ROWS_MAX ||
        !waterfall->row[0].is_total || !(waterfall->row[0].value > 0.0)) {
        return false;
    }
    for (size_t i = 0; i < waterfall->count; i++) {
        if (!(waterfall->row[i].value >= 0.0) || !isfinite(waterfall->row[i].value)) {
            return false;
        }
    }
    return true;
}

static double x_of(const struct svg_waterfall *waterfall, double value)
{
    double share = fmax(value, 0.0) / waterfall->row[0].value;

    return LEFT + share * (WIDTH - LEFT - RIGHT);
}

/* 203148 as "203 148". */
static void write_number(double value, char text[static 32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%.0f", value);
    size_t at = 0;

    for (int i = 0; i < len && at + 2 < 32; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            text[at++] = ' ';
        }
        text[at++] = digits[i];
    }
    text[at] = '\0';
}

/* 1, 2 or 5 times a power of ten. */
static double tick_step(double range)
{
    double power = pow(10.0, floor(log10(range / TICKS_WANTED)));
    double lead = range / TICKS_WANTED / power;

    return power * (lead <= 1.0 ? 1.0 : lead <= 2.0 ? 2.0 : lead <= 5.0 ? 5.0 : 10.0);
}

static void put_axis(const struct svg_waterfall *waterfall, double bottom, FILE *stream)
{
    double range = waterfall->row[0].value;
    double step = tick_step(range);

    for (double value = 0.0; value <= range * 1.0001; value += step) {
        double x = x_of(waterfall, value);
        char number[32];

        write_number(value, number);
        fprintf(stream, "<path class=\"grid\" d=\"M%.1f %dV%.1f\"/>\n", x, TOP, bottom);
        svg_label(stream, x, bottom + 16, "text-anchor=\"middle\"", number);
    }
    svg_label(stream, 0.5 * (LEFT + WIDTH - RIGHT), bottom + 36, "text-anchor=\"middle\"",
              waterfall->unit);
}

/* left: what the rows before have left. Returns what is left after this one. */
static double put_row(const struct svg_waterfall *waterfall, size_t index, double left,
                      FILE *stream)
{
    const struct svg_waterfall_row *row = &waterfall->row[index];
    double y = TOP + 6.0 + (double)index * ROW;
    double after = row->is_total ? row->value : left - row->value;
    double from = x_of(waterfall, row->is_total ? 0.0 : after);
    double to = x_of(waterfall, row->is_total ? row->value : left);
    char number[40] = "\xe2\x88\x92 "; /* a minus sign */

    write_number(row->value, row->is_total ? number : number + 4);
    fprintf(stream, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>\n",
            row->is_total ? "total" : "loss", from, y, fmax(to - from, 1.0), BAR);
    svg_label(stream, LEFT - 10, y + 12.5,
              row->is_total ? "text-anchor=\"end\" font-weight=\"bold\"" : "text-anchor=\"end\"",
              row->name);
    svg_label(stream, WIDTH - 14, y + 12.5,
              row->is_total ? "text-anchor=\"end\" font-weight=\"bold\"" : "text-anchor=\"end\"",
              number);
    if (index + 1 < waterfall->count) { /* leads the eye to the next bar */
        double x = x_of(waterfall, after);

        fprintf(stream, "<path class=\"lead\" d=\"M%.1f %.1fv%d\"/>\n", x, y + BAR, ROW - BAR);
    }
    return after;
}

qw_err svg_waterfall_write(const struct svg_waterfall *waterfall, FILE *stream)
{
    double bottom = TOP + 6.0 + (double)waterfall->count * ROW;
    int height = (int)bottom + FOOT;
    double left = 0.0;

    if (!is_drawable(waterfall)) {
        return QW_ERR_ARG;
    }
    fprintf(stream,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<style>.grid{stroke:#ddd}.total{fill:#222;stroke:#222}"
            ".loss{fill:url(#hatch);stroke:#222}.lead{stroke:#222;stroke-dasharray:2 2}</style>\n"
            "<defs><pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" "
            "patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" fill=\"#fff\"/>"
            "<path d=\"M0 0V5\" stroke=\"#666\" stroke-width=\"2\"/></pattern></defs>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            WIDTH, height, WIDTH, height);
    svg_label(stream, 0.5 * WIDTH, 26, "text-anchor=\"middle\" font-size=\"15\"", waterfall->title);
    put_axis(waterfall, bottom, stream);
    for (size_t i = 0; i < waterfall->count; i++) {
        left = put_row(waterfall, i, left, stream);
    }
    fputs("</svg>\n", stream);
    return fflush(stream) == 0 && ferror(stream) == 0 ? QW_OK : QW_ERR_IO;
}

qw_err svg_waterfall_save(const struct svg_waterfall *waterfall, const char *path)
{
    FILE *stream;
    qw_err err;

    if (!is_drawable(waterfall)) {
        return QW_ERR_ARG;
    }
    stream = fopen(path, "we");
    if (stream == NULL) {
        return QW_ERR_IO;
    }
    err = svg_waterfall_write(waterfall, stream);
    if (fclose(stream) != 0 && err == QW_OK) {
        err = QW_ERR_IO;
    }
    return err;
}
