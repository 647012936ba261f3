# SPDX-License-Identifier: MIT
"""Packages of external drivers and programs: folders whose files go into the boot package under
the same paths. `combined` makes a boot package that holds them besides everything else."""

import importlib.util
import json
import pathlib

import paths
from report import Failure, say

S_IFREG = 0o100000
HEADER = 110
TOP_FOLDERS = ("drivers", "apps")


def mkpackage():
    """tools/mkpackage.py, which Meson runs as a program, as a module."""
    spec = importlib.util.spec_from_file_location("mkpackage", paths.TREE / "tools/mkpackage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(folder: pathlib.Path, files: dict[str, bytes]) -> pathlib.Path:
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


def files_of(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """Path in the boot package -> file."""
    if not folder.is_dir():
        raise Failure(f"there is no package {folder}",
                      "./ashlar driver build DIR or ./ashlar app build DIR makes one")
    found = {str(file.relative_to(folder).as_posix()): file.resolve()
             for file in sorted(folder.rglob("*")) if file.is_file()}
    wrong = [name for name in found if not name.startswith(tuple(f"{top}/" for top in TOP_FOLDERS))]
    if not found or wrong:
        what = f"holds {wrong[0]}" if wrong else "is empty"
        raise Failure(f"{folder} is no package: it {what}",
                      "a package has drivers/NAME/NAME with NAME.inf, or apps/NAME")
    return found


def members(archive: bytes) -> dict[str, bytes]:
    """The files of a newc archive that mkpackage wrote."""
    found, offset = {}, 0
    while archive[offset:offset + 6] == b"070701":
        fields = [int(archive[offset + 6 + 8 * n:offset + 14 + 8 * n], 16) for n in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = archive[offset + HEADER:offset + HEADER + name_size - 1].decode()
        start = offset + HEADER + name_size
        start += -start % 4
        if name == "TRAILER!!!":
            break
        if mode & 0o170000 == S_IFREG:
            found[name] = archive[start:start + size]
        offset = start + size + -size % 4
    return found


def warn_if_old(file: pathlib.Path, kit: list[pathlib.Path]) -> None:
    newest = max((library.stat().st_mtime for library in kit if library.exists()), default=0)
    if file.stat().st_mtime < newest:
        say(f"{file.name} was linked with an older kit than the one in {paths.BUILD.name}: if it "
            "fails, build it again")


def kit_libraries() -> list[pathlib.Path]:
    if not (paths.BUILD / "kit.json").exists():
        return []
    data = json.loads((paths.BUILD / "kit.json").read_text(encoding="utf-8"))
    return [pathlib.Path(library) for library in data["driver_libraries"]]


def combined(folders: list[pathlib.Path], target: pathlib.Path) -> pathlib.Path:
    """A boot package with the build's files and those of the folders, which take the place of files
    of the same name; beside it the map from paths to files with symbols, as for the build's own."""
    maker = mkpackage()
    holds = members(paths.BOOT_PACKAGE.read_bytes())
    origins = json.loads(paths.PACKAGE_MAP.read_text(encoding="utf-8"))
    added: dict[str, pathlib.Path] = {}
    for folder in folders:
        for name, file in files_of(folder).items():
            if name in added:
                raise Failure(f"{name} is in two of the packages",
                              "give one another name: ./ashlar driver build --name NAME")
            if name in holds:
                say(f"{name} of {folder} takes the place of the build's own")
            added[name] = file
    kit = kit_libraries()
    for name, file in added.items():
        warn_if_old(file, kit)
        holds[name] = maker.stripped(file, "llvm-objcopy-19")
        origins[name] = str(file)
    target.write_bytes(maker.archive(holds))
    target.with_name(target.name + ".json").write_text(
        json.dumps(origins, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return target
