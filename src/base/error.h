/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_ERROR_H
#define QW_BASE_ERROR_H

/* Every expected failure of the project, on one line each: name, stable value, text.
 * The values are part of the ABI and of exit reports: add at the end only. */
#define QW_ERR_TABLE(X) \
    X(QW_OK, 0, "success") \
    X(QW_ERR_ARG, 1, "argument out of range") \
    X(QW_ERR_FORMAT, 2, "malformed data") \
    X(QW_ERR_AUTH, 3, "authentication failed") \
    X(QW_ERR_IO, 4, "input/output error") \
    X(QW_ERR_NOMEM, 5, "out of memory") \
    X(QW_ERR_EXHAUSTED, 6, "not enough key material left") \
    X(QW_ERR_REFUSED, 7, "refused for security") \
    X(QW_ERR_UNAVAILABLE, 8, "not available here") \
    X(QW_ERR_TIMEOUT, 9, "timed out") \
    X(QW_ERR_CLOSED, 10, "the other side has closed the connection") \
    X(QW_ERR_NOT_FOUND, 11, "not found") \
    X(QW_ERR_CONFLICT, 12, "in conflict with what is stored") \
    X(QW_ERR_SPACE, 13, "does not fit") \
    X(QW_ERR_STATE, 14, "not allowed in this state") \
    X(QW_ERR_LIMIT, 15, "over a limit; later again") \
    X(QW_ERR_PAUSED, 16, "in maintenance; later again") \
    X(QW_ERR_FULL, 17, "as much is stored as may be; when some is used, again")

#define QW_ERR_ENUM(name, value, text) name = value,
typedef enum { QW_ERR_TABLE(QW_ERR_ENUM) } qw_err;
#undef QW_ERR_ENUM

#define QW_MUST_USE __attribute__((warn_unused_result))

/* Never NULL; a value outside the table gives "unknown error". Static text. */
const char *qw_err_text(qw_err err);

/* A broken contract is a bug, not an input: always compiled in, prints where and aborts. */
#define qw_assert(c) ((c) ? (void)0 : qw_contract_broken(#c, __FILE__, __LINE__))
_Noreturn void qw_contract_broken(const char *condition, const char *file, int line);

#endif
