"""sum_results.py DIRECTORY FAILED_STEPS - adds up JUnit files of CTest and pytest;
fails when a test failed, or when there was none"""
import glob
import os
import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    """(passed, names of the failed, names of the skipped) of one file"""
    passed, failed, skipped = 0, [], []
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{os.path.basename(path)[:-4]}: {case.get('classname', '')} {case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(name)
        elif case.get("status") == "notrun":
            failed.append(f"{name} (did not run)")
        elif case.get("status") == "disabled" or case.find("skipped") is not None:
            skipped.append(name)
        else:
            passed += 1
    return passed, failed, skipped


def main():
    passed, failed, skipped = 0, [], []
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.xml"))):
        more = count(path)
        passed += more[0]
        failed += more[1]
        skipped += more[2]
    for name in skipped:
        print(f"skipped: {name}")
    for name in failed:
        print(f"failed: {name}")
    failures = len(failed) + int(sys.argv[2])
    print(f"{passed} passed, {failures} failed")
    return 1 if failures or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
