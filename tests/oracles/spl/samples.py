"""Whole searches in the style of published detections, for the tests of the reader."""

from __future__ import annotations

WHOLE_SEARCHES = [
    # a rule that gives one row an event
    """`o365_management_activity` Workload="Exchange" Operation="Set-DkimSigningConfig"
    Enabled="False" NOT ResultStatus IN ("failed", "false")
| table _time, UserId, src_ip, Workload, Operation, ObjectId, Enabled, ResultStatus""",
    # first seen
    """`o365_management_activity` Workload="Exchange" Operation="MailItemsAccessed"
    NOT ResultStatus IN ("failed", "false") LogonType IN ("0", "1", "6")
    OperationProperties{}.Value="Bind" NOT ClientAppId IN ("a-1", "b-2")
| stats min(_time) as firstTime max(_time) as lastTime count values(UserId) as UserId
    by ClientAppId
| where firstTime>=relative_time(now(), "-9m@m")""",
    # threshold
    """`o365_management_activity` Workload="AzureActiveDirectory" Operation="UserLoggedIn"
    Target{}.Type IN ("0", "10") UserId=* NOT UserId="Not Available"
| iplocation src_ip | where isnotnull(Country)
| stats count as event_count dc(Country) as dc_Country min(_time) as firstTime
    max(_time) as lastTime values(src_ip) as src_ip by UserId
| where event_count>=1 AND dc_Country>=2""",
    """`azure_monitor_aad` operationName="Update user"
    properties.targetResources{}.modifiedProperties{}.displayName="UserType"
    properties.targetResources{}.modifiedProperties{}.oldValue="*Guest*" """,
    """| tstats summariesonly=false count min(_time) as firstTime max(_time) as lastTime
    from datamodel=Endpoint.Processes where Processes.process_name="cmd.exe"
    NOT Processes.parent_process_name IN ("explorer.exe", "svc*")
    by Processes.dest, Processes.user, Processes.process
| `drop_dm_object_name(Processes)` | `security_content_ctime(firstTime)` | `my_filter`""",
    r"""sourcetype="o365:management:activity" Operation="New-InboxRule"
| where isnotnull(mvfind(mvzip('Parameters{}.Name', 'Parameters{}.Value', "="),
    "(?i)^ForwardTo=.*@evil\\.example$"))
| eval role=mvindex('ModifiedProperties{}.NewValue',
    mvfind('ModifiedProperties{}.Name', "^Role\\.DisplayName$")), n=mvcount('Parameters{}.Name')
| fillnull value="unknown" user src_ip | lookup known_bad ip as src_ip OUTPUT threat, owner
| rename Processes.* as *, "a b" as c | dedup 1 user src_ip | mvexpand role limit=5
| spath input=payload output=id path=a.b{}.c | head 20 | fields - _raw tmp_*""",
    """source="XmlWinEventLog:Security" EventCode=4688 (NewProcessName="*\\\\powershell.exe" OR
    NewProcessName="*\\\\pwsh.exe") CommandLine IN ("*-enc*", "*FromBase64String*")
    NOT (ParentProcessName="*\\\\explorer.exe" User="*$")
| regex CommandLine="(?i)-e(nc|ncodedcommand)?\\\\s+[A-Za-z0-9+/=]{20,}"
| stats count by User, ParentProcessName""",
]
