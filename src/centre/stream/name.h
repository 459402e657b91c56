/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_STREAM_NAME_H
#define QW_CENTRE_STREAM_NAME_H

#include <stdbool.h>

/* The application's id in "qkd://bob@host:1", "urn:qwave:sae:bob" or "bob"
 * [docs/protocol/etsi004.md]. uri: shorter than QW_ETSI004_URI_CAP. False, name untouched: the URI
 * names no application. */
bool qw_stream_name_read(const char *uri, char name[static 64]);

#endif
