/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's page [W10 C10]: its files, from the table that is in the program. The page itself
 * is no secret; what it asks for is answered to officers only, by the other routes. */
#include "api/http_page.h"
#include "routes.h"

#include <stdio.h>
#include <string.h>

enum { FILE_PATH_CAP = CALL_PARAMETER_CAP + 16 };

static void send_path(struct call *call, const char *folder, const char *name)
{
    char path[FILE_PATH_CAP];

    if (call->service->console == NULL) {
        call_refuse_with(call, 404, "this qwaved was built without its console");
        return;
    }
    (void)snprintf(path, sizeof path, "%s%s", folder, name);
    if (strchr(name, '/') != NULL ||
        !qw_http_page_send(call->service->console, path, call->request, call->answer)) {
        call_refuse(call, QW_ERR_NOT_FOUND);
    }
}

void route_console(struct call *call)
{
    send_path(call, "", "index.html");
}

void route_console_file(struct call *call)
{
    send_path(call, "", call->parameter[0]);
}

void route_console_asset(struct call *call)
{
    send_path(call, "assets/", call->parameter[0]);
}
