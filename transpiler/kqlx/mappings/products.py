"""The products whose events Elastic's integrations bring, by what their data sets begin with: what
has no mapping is told by its product. From
https://www.elastic.co/docs/reference/integrations/all_integrations
"""

from __future__ import annotations

from collections.abc import Iterable

_PRODUCTS = {
    "1password": "1Password",
    "abnormal_security": "Abnormal AI",
    "akamai": "Akamai",
    "atlassian_bitbucket": "Atlassian Bitbucket",
    "atlassian_confluence": "Atlassian Confluence",
    "atlassian_jira": "Atlassian Jira",
    "auth0": "Auth0",
    "aws.inspector": "Amazon Inspector",
    "aws.securityhub_insights": "AWS Security Hub's insights",
    "aws_bedrock": "Amazon Bedrock",
    "azure.firewall_logs": "Azure Firewall",
    "azure_openai": "Azure OpenAI",
    "barracuda": "Barracuda's Web Application Firewall",
    "barracuda_cloudgen_firewall": "Barracuda CloudGen Firewall",
    "bitdefender": "Bitdefender",
    "bitwarden": "Bitwarden",
    "box_events": "Box",
    "carbon_black_cloud": "VMware Carbon Black Cloud",
    "carbonblack_edr": "VMware Carbon Black EDR",
    "cef": "records in the Common Event Format (CEF)",
    "cisco_duo": "Cisco Duo",
    "cisco_ios": "Cisco IOS",
    "cisco_ise": "Cisco ISE",
    "cisco_meraki": "Cisco Meraki",
    "cisco_nexus": "Cisco Nexus",
    "cisco_secure_email_gateway": "Cisco Secure Email Gateway",
    "cisco_secure_endpoint": "Cisco Secure Endpoint",
    "cisco_umbrella": "Cisco Umbrella",
    "citrix_adc": "Citrix ADC",
    "citrix_waf": "Citrix Web App Firewall",
    "cloudflare": "Cloudflare",
    "cloudflare_logpush": "Cloudflare Logpush",
    "darktrace": "Darktrace",
    "eset_protect": "ESET PROTECT",
    "f5_bigip": "F5 BIG-IP",
    "fireeye": "FireEye Network Security",
    "forcepoint_web": "Forcepoint Web Security",
    "forgerock": "ForgeRock",
    "fortinet_forticlient": "Fortinet FortiClient",
    "fortinet_fortimail": "Fortinet FortiMail",
    "fortinet_fortimanager": "Fortinet FortiManager",
    "gitlab": "GitLab",
    "google_scc.asset": "Google Security Command Center's assets",
    "google_scc.audit": "Google Security Command Center's audit logs",
    "google_scc.source": "Google Security Command Center's sources",
    "hashicorp_vault": "HashiCorp Vault",
    "haproxy": "HAProxy",
    "imperva": "Imperva",
    "infoblox_nios": "Infoblox NIOS",
    "jamf_pro": "Jamf Pro",
    "jumpcloud": "JumpCloud",
    "juniper_junos": "Juniper Junos OS",
    "keycloak": "Keycloak",
    "lastpass": "LastPass",
    "microsoft_defender_cloud": "Microsoft Defender for Cloud",
    "microsoft_dhcp": "Microsoft DHCP",
    "microsoft_exchange_server": "Microsoft Exchange Server",
    "microsoft_exchange_online_message_trace": "Microsoft Exchange Online's message trace",
    "microsoft_sqlserver": "Microsoft SQL Server",
    "mimecast": "Mimecast",
    "modsecurity": "ModSecurity",
    "mongodb": "MongoDB",
    "mysql": "MySQL",
    "netflow": "NetFlow",
    "netskope": "Netskope",
    "oracle": "Oracle Database",
    "ping_one": "PingOne",
    "postgresql": "PostgreSQL",
    "prisma_cloud": "Palo Alto Prisma Cloud",
    "proofpoint_tap": "Proofpoint TAP",
    "qualys_vmdr": "Qualys VMDR",
    "rapid7_insightvm": "Rapid7 InsightVM",
    "salesforce": "Salesforce",
    "santa": "Google Santa",
    "slack": "Slack",
    "snort": "Snort",
    "snyk": "Snyk",
    "sophos.utm": "Sophos UTM",
    "sophos_central": "Sophos Central",
    "symantec_endpoint": "Symantec Endpoint Protection",
    "sysdig": "Sysdig",
    "tanium": "Tanium",
    "teleport": "Teleport",
    "tenable_io": "Tenable Vulnerability Management",
    "tenable_sc": "Tenable Security Center",
    "trellix_edr_cloud": "Trellix EDR Cloud",
    "trellix_epo_cloud": "Trellix ePolicy Orchestrator",
    "trend_micro_vision_one": "Trend Micro Vision One",
    "trendmicro": "Trend Micro Deep Security",
    "vectra_detect": "Vectra Detect",
    "vsphere": "VMware vSphere",
    "watchguard_firebox": "WatchGuard Firebox",
    "wiz": "Wiz",
    "zeronetworks": "Zero Networks",
    "zscaler_zia": "Zscaler Internet Access",
    "zscaler_zpa": "Zscaler Private Access",
}


def product(name: str) -> str:
    """The product that an index pattern or a data set names; "" where it names none of these."""
    text = name.rpartition(":")[2].lower().removeprefix("logs-")
    parts = text.replace("-", ".").replace("*", "").split(".")
    return _PRODUCTS.get(".".join(parts[:2])) or _PRODUCTS.get(parts[0], "")


def with_products(names: Iterable[str]) -> str:
    """Index patterns or data sets, each with the product that it names."""
    found = [(name, product(name)) for name in dict.fromkeys(names)]
    return ", ".join(f"{one} ({name})" if one else name for name, one in found)
