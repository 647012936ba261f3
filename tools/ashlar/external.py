# SPDX-License-Identifier: MIT
"""What a folder of external sources says about itself: which files to compile, under which name,
with which include folders and definitions. The first of these that is there counts:
    what the command line gives;
    ashlar.toml in the folder (name, sources, includes, defines, inf; paths relative to it);
    a Visual C++ project (*.vcxproj);
    a `sources` file of the older build utility;
    all the C files in the folder.
Nothing in the folder is changed."""

import dataclasses
import pathlib
import re
import tomllib
import xml.etree.ElementTree as xml

from report import Failure

NAME = re.compile(r"^[a-z0-9][a-z0-9_.-]{0,30}$")
MSBUILD_OWN = re.compile(r"^%\(.*\)$")
DEFINITION = re.compile(r"^[A-Za-z_]\w*(\(.*\))?(=.*)?$")
TRACE_OPTION = re.compile(r"-func:(\w+)|^\s*(\w+)\s*[({]")
VARIABLE = re.compile(r"\$\(\w+\)")
TOML_KEYS = {"name", "sources", "includes", "defines", "inf"}


@dataclasses.dataclass
class Description:
    """One driver or application to build. Paths are absolute."""
    folder: pathlib.Path
    name: str = ""
    sources: list[pathlib.Path] = dataclasses.field(default_factory=list)
    includes: list[pathlib.Path] = dataclasses.field(default_factory=list)
    defines: list[str] = dataclasses.field(default_factory=list)
    inf: pathlib.Path | None = None
    trace_functions: list[str] = dataclasses.field(default_factory=list)  # of WPP
    left_out: list[str] = dataclasses.field(default_factory=list)  # not compiled, and why
    told_by: str = ""


def in_any_case(folder: pathlib.Path, relative: str) -> pathlib.Path | None:
    """The file that `relative` names on a file system without letter case; slashes either way."""
    place = folder
    for part in relative.replace("\\", "/").split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            place = place.parent
            continue
        if not (place / part).exists():
            names = [each for each in place.iterdir() if each.name.lower() == part.lower()] \
                if place.is_dir() else []
            if not names:
                return None
            place = names[0]
        else:
            place = place / part
    return place


def add_source(description: Description, relative: str) -> None:
    lower = relative.lower()
    if lower.endswith((".c", ".cpp", ".cxx", ".cc")):
        file = in_any_case(description.folder, relative)
        if file is None or not file.is_file():
            raise Failure(f"{description.told_by} names {relative}, which is not there",
                          f"look into {description.folder}, or name the sources with --source")
        if not lower.endswith(".c"):
            description.left_out.append(f"{relative}: C++ is not supported")
            return
        if file not in description.sources:
            description.sources.append(file)
    elif lower.endswith((".asm", ".s")):
        description.left_out.append(f"{relative}: assembly of another processor")
    elif lower.endswith((".mof", ".mc", ".man")):
        description.left_out.append(f"{relative}: resources of WMI, messages and ETW are not made")


def add_includes(description: Description, names: list[str]) -> None:
    for name in names:
        if not name or MSBUILD_OWN.match(name) or VARIABLE.search(name):
            continue  # the build environment's own folders: the kit takes their place
        folder = in_any_case(description.folder, name)
        if folder is not None and folder.is_dir() and folder not in description.includes:
            description.includes.append(folder)


def add_defines(description: Description, names: list[str]) -> None:
    for name in names:
        if DEFINITION.match(name) and not VARIABLE.search(name) \
                and name not in description.defines:
            description.defines.append(name)


def from_toml(description: Description, file: pathlib.Path) -> None:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise Failure(f"{file}: {wrong}", "correct that line") from wrong
    unknown = sorted(set(data) - TOML_KEYS)
    if unknown:
        raise Failure(f"{file}: there is no key '{unknown[0]}'",
                      "the keys are " + ", ".join(sorted(TOML_KEYS)))
    description.name = data.get("name", "")
    for source in data.get("sources", []):
        add_source(description, source)
    add_includes(description, data.get("includes", []))
    add_defines(description, data.get("defines", []))
    if "inf" in data:
        description.inf = in_any_case(description.folder, data["inf"])
        if description.inf is None:
            raise Failure(f"{file} names {data['inf']}, which is not there", "correct its `inf`")


def plain_tag(element) -> str:
    return element.tag.rpartition("}")[2]


def project_lists(root, tag: str) -> list[str]:
    """The entries of a semicolon list, over all configurations, each once, in order."""
    found: list[str] = []
    for element in root.iter():
        if plain_tag(element) == tag and element.text:
            found += [part.strip() for part in element.text.split(";")]
    return list(dict.fromkeys(found))


def from_project(description: Description, file: pathlib.Path) -> None:
    try:
        root = xml.fromstring(file.read_bytes())
    except xml.ParseError as wrong:
        raise Failure(f"{file} is no project file: {wrong}",
                      "name the sources with --source") from wrong
    names = [name for name in project_lists(root, "TargetName") if not VARIABLE.search(name)]
    description.name = names[0] if names else file.stem
    for element in root.iter():
        if plain_tag(element) in ("ClCompile", "MASM", "Mofcomp") and "Include" in element.attrib:
            add_source(description, element.attrib["Include"])
    add_includes(description, project_lists(root, "AdditionalIncludeDirectories"))
    add_defines(description, project_lists(root, "PreprocessorDefinitions"))
    for tag in ("WppTraceFunction", "WppAdditionalOptions"):
        for text in project_lists(root, tag):
            description.trace_functions += [a or b for a, b in TRACE_OPTION.findall(text)]


def from_sources_file(description: Description, file: pathlib.Path) -> None:
    text = re.sub(r"\\\s*\n", " ", file.read_text(encoding="utf-8", errors="replace"))
    values = dict(re.findall(r"^\s*(\w+)\s*=\s*(.*?)\s*$", text, re.M))
    description.name = values.get("TARGETNAME", "")
    for source in values.get("SOURCES", "").split():
        add_source(description, source)
    add_includes(description, re.split(r"[;\s]+", values.get("INCLUDES", "")))
    flags = re.findall(r"[-/]D\s*(\S+)", values.get("C_DEFINES", ""))
    add_defines(description, flags)


def from_folder(description: Description) -> None:
    for file in sorted(description.folder.iterdir()):
        if file.suffix.lower() == ".c":
            description.sources.append(file)


def find_inf(description: Description) -> None:
    if description.inf is not None:
        return
    found = sorted(file for file in description.folder.iterdir()
                   if file.suffix.lower() in (".inf", ".inx"))
    description.inf = found[0] if found else None


def told_by_folder(description: Description) -> None:
    folder = description.folder
    toml = folder / "ashlar.toml"
    projects = sorted(each for each in folder.iterdir() if each.suffix.lower() == ".vcxproj")
    sources = in_any_case(folder, "sources")
    if toml.is_file():
        description.told_by = toml.name
        from_toml(description, toml)
    elif projects:
        description.told_by = projects[0].name
        from_project(description, projects[0])
    elif sources is not None and sources.is_file():
        description.told_by = sources.name
        from_sources_file(description, sources)
    else:
        description.told_by = "the folder's C files"
        from_folder(description)


def describe(folder: pathlib.Path, arguments) -> Description:
    """`arguments` has name, source, include, define and inf, as the command line gave them."""
    folder = folder.resolve()
    if not folder.is_dir():
        raise Failure(f"there is no folder {folder}", "give the folder that holds the sources")
    description = Description(folder)
    if arguments.source:
        description.told_by = "the command line"
        for source in arguments.source:
            add_source(description, source)
    else:
        told_by_folder(description)
    add_includes(description, arguments.include)
    add_defines(description, arguments.define)
    description.inf = arguments.inf.resolve() if arguments.inf else description.inf
    find_inf(description)
    description.name = (arguments.name or description.name or folder.name).lower()
    if not NAME.match(description.name):
        raise Failure(f"'{description.name}' cannot be the name of a driver or program: up to 31 "
                      "letters, digits, '.', '_' and '-'", "choose one with --name")
    if not description.sources:
        raise Failure(f"{description.told_by} names no C source in {folder}",
                      "name the sources with --source FILE")
    return description
