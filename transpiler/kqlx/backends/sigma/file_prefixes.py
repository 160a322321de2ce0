"""How the names of files begin that SigmaHQ has for rules about a log source."""

from __future__ import annotations

from collections.abc import Mapping

PREFIXES: Mapping[str, str] = {
    "//apache": "web_apache",
    "//nginx": "web_nginx",
    "/antivirus/": "av",
    "/database/": "db",
    "/dns/": "net_dns",
    "/firewall/": "net_firewall",
    "/proxy/": "proxy",
    "/webserver/": "web",
    "aws//": "aws",
    "azure//": "azure",
    "bitbucket//audit": "bitbucket_audit",
    "cisco//": "cisco",
    "django/application/": "appframework_django",
    "fortios//": "fortios",
    "gcp//": "gcp",
    "github//": "github",
    "huawei//": "huawei",
    "juniper//": "juniper",
    "jvm/application/": "java",
    "kubernetes//audit": "kubernetes_audit",
    "kubernetes/application/audit": "kubernetes_audit",
    "linux//": "lnx",
    "linux//auditd": "lnx_auditd",
    "linux//auth": "lnx_auth",
    "linux//clamav": "lnx_clamav",
    "linux//cron": "lnx_cron",
    "linux//guacamole": "lnx_guacamole",
    "linux//sshd": "lnx_sshd",
    "linux//sudo": "lnx_sudo",
    "linux//syslog": "lnx_syslog",
    "linux//vsftpd": "lnx_vsftpd",
    "linux/file_event/": "file_event_lnx",
    "linux/network_connection/": "net_connection_lnx",
    "linux/process_creation/": "proc_creation_lnx",
    "m365//": "microsoft365",
    "macos//": "macos",
    "macos/file_event/": "file_event_macos",
    "macos/process_creation/": "proc_creation_macos",
    "nodejs/application/": "nodejs",
    "okta//": "okta",
    "onelogin//": "onelogin",
    "opencanary/application/": "opencanary",
    "paloalto/appliance/globalprotect": "paloalto_globalprotect",
    "paloalto/file_event/globalprotect": "file_event_paloalto_globalprotect",
    "python/application/": "app_python",
    "rpc_firewall/application/": "rpc_firewall",
    "ruby_on_rails/application/": "appframework_ruby",
    "spring/application/": "spring",
    "velocity/application/": "velocity",
    "windows//": "win",
    "windows//applocker": "win_applocker",
    "windows//appmodel-runtime": "win_appmodel_runtime",
    "windows//appxdeployment-server": "win_appxdeployment_server",
    "windows//appxpackaging-om": "win_appxpackaging_om",
    "windows//bits-client": "win_bits_client",
    "windows//capi2": "win_capi2",
    "windows//certificateservicesclient-lifecycle-system": (
        "win_certificateservicesclient_lifecycle_system"
    ),
    "windows//codeintegrity-operational": "win_codeintegrity",
    "windows//diagnosis-scripted": "win_diagnosis_scripted",
    "windows//dns-client": "win_dns_client",
    "windows//dns-server": "win_dns_server",
    "windows//dns-server-analytic": "win_dns_analytic",
    "windows//firewall-as": "win_firewall_as",
    "windows//ldap": "win_ldap",
    "windows//lsa-server": "win_lsa_server",
    "windows//msexchange-management": "win_exchange",
    "windows//openssh": "win_sshd_openssh",
    "windows//powershell-classic": "posh_pc",
    "windows//security": "win_security",
    "windows//security-mitigations": "win_security_mitigations",
    "windows//shell-core": "win_shell_core",
    "windows//smbclient-connectivity": "win_smbclient_connectivity",
    "windows//smbclient-security": "win_smbclient_security",
    "windows//sysmon": "sysmon",
    "windows//system": "win_system",
    "windows//taskscheduler": "win_taskscheduler",
    "windows//terminalservices-localsessionmanager": "win_terminalservices",
    "windows//windefend": "win_defender",
    "windows//wmi": "win_wmi",
    "windows/create_remote_thread/": "create_remote_thread_win",
    "windows/create_stream_hash/": "create_stream_hash",
    "windows/dns_query/": "dns_query_win",
    "windows/driver_load/": "driver_load_win",
    "windows/file_access/": "file_access_win",
    "windows/file_change/": "file_change_win",
    "windows/file_delete/": "file_delete_win",
    "windows/file_event/": "file_event_win",
    "windows/file_executable_detected/": "file_executable_detected_win",
    "windows/file_rename/": "file_rename_win",
    "windows/image_load/": "image_load",
    "windows/network_connection/": "net_connection_win",
    "windows/pipe_created/": "pipe_created",
    "windows/process_access/": "proc_access_win",
    "windows/process_creation/": "proc_creation_win",
    "windows/process_tampering/": "proc_tampering",
    "windows/ps_classic_provider_start/": "posh_pc",
    "windows/ps_classic_start/": "posh_pc",
    "windows/ps_module/": "posh_pm",
    "windows/ps_script/": "posh_ps",
    "windows/raw_access_thread/": "raw_access_thread",
    "windows/registry_add/": "registry_add",
    "windows/registry_delete/": "registry_delete",
    "windows/registry_event/": "registry_event",
    "windows/registry_set/": "registry_set",
    "windows/sysmon_error/": "sysmon",
    "windows/sysmon_status/": "sysmon",
    "windows/wmi_event/": "sysmon_wmi",
    "zeek//": "zeek",
}
"""By ``product/category/service``; those that SigmaHQ's own check of names asks for
(https://github.com/SigmaHQ/pySigma-validators-sigmaHQ, tools/sigmahq_filename.json).
"""


def file_prefix(logsource: Mapping[str, object]) -> str:
    """The beginning of the name of a rule's file, without the underscore that follows it: that of
    the log source, else that of its product, else the words of the log source.
    """
    product, category, service = (
        str(logsource.get(key) or "") for key in ("product", "category", "service")
    )
    for key in (f"{product}/{category}/{service}", f"{product}//"):
        if key in PREFIXES:
            return PREFIXES[key]
    return "_".join(filter(None, (product, category, service)))
