using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ChatShare.Core.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Keeping : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "KeepBytes",
                table: "Rooms",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "KeepDays",
                table: "Rooms",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "Kept",
                table: "Files",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<long>(
                name: "ReadyAt",
                table: "Files",
                type: "INTEGER",
                nullable: true);

            // 2: ready. Files that were shared before this column began to age when they were announced.
            migrationBuilder.Sql("""UPDATE "Files" SET "ReadyAt" = "CreatedAt" WHERE "State" = 2""");

            migrationBuilder.CreateTable(
                name: "Downloads",
                columns: table => new
                {
                    FileId = table.Column<string>(type: "TEXT", nullable: false),
                    PersonId = table.Column<Guid>(type: "TEXT", nullable: false),
                    At = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Downloads", x => new { x.FileId, x.PersonId });
                    table.ForeignKey(
                        name: "FK_Downloads_Files_FileId",
                        column: x => x.FileId,
                        principalTable: "Files",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Files_Length",
                table: "Files",
                column: "Length");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "Downloads");

            migrationBuilder.DropIndex(
                name: "IX_Files_Length",
                table: "Files");

            migrationBuilder.DropColumn(
                name: "KeepBytes",
                table: "Rooms");

            migrationBuilder.DropColumn(
                name: "KeepDays",
                table: "Rooms");

            migrationBuilder.DropColumn(
                name: "Kept",
                table: "Files");

            migrationBuilder.DropColumn(
                name: "ReadyAt",
                table: "Files");
        }
    }
}
