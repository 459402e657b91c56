/* SPDX-License-Identifier: Apache-2.0 */
#include "svg_text.h"

static void put_text(FILE *stream, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", stream);
            break;
        case '<':
            fputs("&lt;", stream);
            break;
        case '>':
            fputs("&gt;", stream);
            break;
        default:
            fputc((unsigned char)*c < 0x20 ? ' ' : *c, stream);
        }
    }
}

void svg_label(FILE *stream, double x, double y, const char *attributes, const char *text)
{
    fprintf(stream, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    put_text(stream, text);
    fputs("</text>\n", stream);
}
