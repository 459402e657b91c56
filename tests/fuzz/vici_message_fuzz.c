/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: link */
/* A message of strongSwan's control socket: what is read whole can be written again, byte for byte.
 */
#include "link/vici/vici_message.h"

#include "base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(struct qw_writer *w, const struct qw_vici_element *element)
{
    switch (element->kind) {
    case QW_VICI_SECTION_START:
        qw_vici_section(w, element->name);
        break;
    case QW_VICI_SECTION_END:
        qw_vici_section_end(w);
        break;
    case QW_VICI_KEY_VALUE:
        qw_vici_value(w, element->name, element->value, element->len);
        break;
    case QW_VICI_LIST_START:
        qw_vici_list(w, element->name);
        break;
    case QW_VICI_LIST_ITEM:
        qw_vici_item(w, element->value, element->len);
        break;
    case QW_VICI_LIST_END:
        qw_vici_list_end(w);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[65536];
    struct qw_writer w = qw_writer_on(again, sizeof again);
    struct qw_vici_reader r = qw_vici_reader_on(data, size);
    struct qw_vici_element element = { .kind = QW_VICI_LIST_END };

    while (element.kind != QW_VICI_END) {
        if (qw_vici_next(&r, &element) != QW_OK) {
            return 0;
        }
        write_again(&w, &element);
    }
    qw_assert(w.failed || (w.len == size && (size == 0 || qw_equal_ct(again, data, size))));
    return 0;
}
